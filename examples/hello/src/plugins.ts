// What our services are made of. MICRO_REGISTRY, MICRO_TRANSPORT and MICRO_BROKER choose among what is imported here.
import '@micro/broker-http';
import '@micro/registry-mdns';
import '@micro/transport-http';
