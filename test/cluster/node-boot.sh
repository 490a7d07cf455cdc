#!/bin/sh
# Boots a node: joins its groups, makes its namespaces and root, and ends as its systemd. Called by node-machine.ts, again
# by itself for each stage, with the environment:
#   NODE ADDRESS GATEWAY     its name and addresses        PEERS   lines "SUBNET ADDRESS": the pods of the other nodes
#   DISK                     the folder with its disk      LOWER   what lies below its /usr, top first, with colons
#   CACHE                    folder it sees read-only      LAN     process that holds the network's namespace
#   GROUPS_OF_NODE           folders of its cgroups        HIERARCHIES  lines "PATH TYPE OPTIONS" to mount
set -e

join() {
  for group in $GROUPS_OF_NODE; do echo $$ > "$group/cgroup.procs"; done
  exec unshare --net sh "$0" network
}

network() {
  ip link set lo up
  nsenter -t "$LAN" -n ip link del "$NODE" 2> /dev/null || true # of this node's life before a power cut
  ip link add eth0 type veth peer name "$NODE" netns "$LAN"
  nsenter -t "$LAN" -n ip link set "$NODE" master br0 up
  ip addr add "$ADDRESS/24" dev eth0
  ip link set eth0 up
  ip route add default via "$GATEWAY"
  echo "$PEERS" | while read -r subnet via; do echo "route add $subnet via $via"; done | ip -batch -
  echo 1 > /proc/sys/net/ipv4/ip_forward # /proc/sys/net is that of the own namespace
  exec unshare --mount --pid --uts --ipc --cgroup --fork --kill-child sh "$0" root
}

root() {
  R=$DISK/root
  mkdir -p "$R"
  mount --bind "$R" "$R"
  skeleton
  overlay usr "$LOWER:/usr"
  overlay etc /etc
  if [ ! -e "$DISK/made" ]; then
    rm -rf "$R/etc/systemd/system" "$R/etc/systemd/network" "$R/etc/cni" "$R/etc/containerd" "$R/etc/nftables.conf"
    cp -a "$DISK/seed/." "$R/"
    touch "$DISK/made"
  fi
  kernel_files
  devices
  groups
  mount --bind "$CACHE" "$R$CACHE"
  mount -o remount,bind,ro "$R$CACHE"
  cd "$R"
  mkdir -p .old
  pivot_root . .old
  mount --make-rshared / # pods with mount propagation
  exec chroot . /bin/sh -c "umount -l /.old; rmdir /.old; hostname $NODE
    exec env -i container=rcm PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
      /usr/lib/systemd/systemd --log-target=console --log-level=info" < /dev/null
}

skeleton() {
  for folder in boot dev etc home media mnt opt proc root run srv sys tmp usr var/cache var/lib var/log var/tmp "$CACHE"; do
    mkdir -p "$R/$folder"
  done
  chmod 1777 "$R/tmp" "$R/var/tmp"
  chmod 700 "$R/root"
  for link in bin sbin lib lib32 lib64 libx32; do [ ! -L "/$link" ] || ln -sfn "$(readlink "/$link")" "$R/$link"; done
  ln -sfn /run "$R/var/run"
}

overlay() {
  mkdir -p "$DISK/$1.upper" "$DISK/$1.work"
  mount -t overlay "rcm-$1" -o "lowerdir=$2,upperdir=$DISK/$1.upper,workdir=$DISK/$1.work" "$R/$1"
}

# The machine's one kernel is not the node's to tune. Where kubelet writes, it finds its own wish fulfilled in a file.
kernel_files() {
  mount -t proc proc "$R/proc"
  mount -t sysfs -o ro sys "$R/sys"
  mount -t tmpfs -o mode=755 tmpfs "$R/run"
  mount --bind "$R/proc/sys" "$R/proc/sys"
  mount -o remount,bind,ro "$R/proc/sys"
  mount --bind "$R/proc/sys/net" "$R/proc/sys/net"
  mount -o remount,bind,rw "$R/proc/sys/net"
  mkdir "$R/run/rcm-sysctl"
  cat /proc/sys/kernel/random/uuid > "$R/run/rcm-sysctl/boot_id" # the kernel's would be that of all nodes
  mount --bind "$R/run/rcm-sysctl/boot_id" "$R/proc/sys/kernel/random/boot_id"
  for pair in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    file=$R/run/rcm-sysctl/$(echo "${pair%%=*}" | tr / .)
    echo "${pair#*=}" > "$file"
    mount --bind "$file" "$R/proc/sys/${pair%%=*}"
  done
}

devices() {
  mount -t tmpfs -o mode=755 tmpfs "$R/dev"
  for device in null zero full random urandom tty kmsg fuse net/tun; do
    [ -e "/dev/$device" ] || continue
    mkdir -p "$(dirname "$R/dev/$device")"
    touch "$R/dev/$device"
    mount --bind "/dev/$device" "$R/dev/$device"
  done
  mkdir "$R/dev/pts" "$R/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$R/dev/pts"
  mount -t tmpfs tmpfs "$R/dev/shm"
  ln -s pts/ptmx "$R/dev/ptmx"
  ln -s /proc/self/fd "$R/dev/fd"
  for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%%:*}" "$R/dev/${n#*:}"; done
  touch "$R/dev/console"
}

groups() {
  case $HIERARCHIES in "/sys/fs/cgroup "*) ;; *) mount -t tmpfs -o mode=755 tmpfs "$R/sys/fs/cgroup" ;; esac
  echo "$HIERARCHIES" | while read -r path type options; do
    mkdir -p "$R$path"
    if [ "$options" = - ]; then mount -t "$type" "$type" "$R$path"; else mount -t "$type" -o "$options" "$type" "$R$path"; fi
  done
}

"${1:?stage}"
