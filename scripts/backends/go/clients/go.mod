module micro/clients

go 1.22
