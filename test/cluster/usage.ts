import { NODE_VERSIONS } from "./node-version.ts";

export const USAGE = `scripts/cluster: a real Kubernetes cluster on this machine, with nodes that have a systemd and a containerd of their own

  prepare                     download and build what is needed, without bringing anything up: minutes the first time
  up [--nodes 1.6,1.7,2.1]    bring it up: node1, node2, … with these containerds; does nothing if it is up
  down                        end it and put the machine back as it was
  status                      what is up; exit code 1 if something ended
  kubeconfig                  print the path of the administrator's kubeconfig
  kubectl ARG…                kubectl of the cluster's own version
  exec NODE -- COMMAND…       run a command in a node, as root
  load ARCHIVE.tar [NODE…]    import an OCI or docker image archive; without nodes into all, and those that boot later
  push NODE IMAGE             push an image that the node has to the registry; prints the name to pull
  add VERSION                 add a node and print its name
  remove NODE [--keep-object] power a node off and destroy it; the Node object stays only with --keep-object
  power NODE off|on           cut the power; boot again from the same disk
  replace NODE VERSION        put another machine in its place: same name, new disk, new machine-id

Versions: ${NODE_VERSIONS.join(", ")}. The first three have a configuration file of version 2, as Debian ships it; 2.1v3 has one of version 3.
Environment: RCM_CLUSTER_DIR (/srv/rcm-cluster): state, logs, disks. RCM_CACHE (/var/cache/rcm): what is built once.
Limits: NetworkPolicies are accepted, not enforced. Nodes and pods do not reach the internet: load or push images.`;
