package main

import (
	"sort"

	"go-micro.dev/v4/registry"
)

func (p *peer) list() (interface{}, error) {
	services, err := p.service.Options().Registry.ListServices()
	names := []string{}
	for _, service := range services {
		names = append(names, service.Name)
	}
	return names, err
}

// Follows a service, and tells the ids of its nodes when they change, as go-micro's own cache does: looked up once,
// then by what the watcher says.
func (p *peer) watch(service string) (interface{}, error) {
	watcher, err := p.service.Options().Registry.Watch(registry.WatchService(service))
	if err != nil {
		return nil, err
	}
	nodes := map[string]bool{}
	found, err := p.service.Options().Registry.GetService(service)
	if err != nil && err != registry.ErrNotFound {
		return nil, err
	}
	for _, version := range found {
		note(nodes, "create", version.Nodes)
	}
	go func() {
		tellNodes(service, nodes)
		for {
			change, err := watcher.Next()
			if err != nil {
				return
			}
			if change.Service != nil && change.Service.Name == service && note(nodes, change.Action, change.Service.Nodes) {
				tellNodes(service, nodes)
			}
		}
	}()
	return nil, nil
}

func note(nodes map[string]bool, action string, changed []*registry.Node) bool {
	news := false
	for _, node := range changed {
		if action == "delete" {
			news = news || nodes[node.Id]
			delete(nodes, node.Id)
		} else {
			news = news || !nodes[node.Id]
			nodes[node.Id] = true
		}
	}
	return news
}

func tellNodes(service string, nodes map[string]bool) {
	ids := []string{}
	for id := range nodes {
		ids = append(ids, id)
	}
	sort.Strings(ids)
	tell(map[string]interface{}{"event": "nodes", "service": service, "ids": ids})
}
