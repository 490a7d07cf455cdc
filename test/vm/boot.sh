#!/bin/sh
# Makes a guest ready and runs /vm/job.sh in it, with the output in /vm/output and the exit code in /vm/code. The folder
# /vm is the host's; on the kernel's command line are:
#   KERNEL  folder of the kernel's modules
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmpfs /run
mkdir /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr

mount -t proc proc "$KERNEL/proc"
printf '#!/bin/sh\nexec chroot %s /bin/modprobe "$@"\n' "$KERNEL" > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe # for what the kernel wants by itself
for module in virtio_blk virtio_rng overlay veth bridge; do /run/modprobe "$module"; done

# Where containers' file systems are made: an overlay takes no folder that is shared. What is shared in /tmp stays there.
mke2fs -q -t ext4 /dev/vda
mkdir /run/disk
mount /dev/vda /run/disk
cp -a /tmp/. /run/disk/
chmod 1777 /run/disk
mount --move /run/disk /tmp

# Version 2 of cgroups and nothing else, as systemd has it: the root has no process of its own.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir /sys/fs/cgroup/init
echo $$ > /sys/fs/cgroup/init/cgroup.procs
for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
  echo "+$controller" > /sys/fs/cgroup/cgroup.subtree_control
done

ip link set lo up
hostname guest
echo "Booted after $(cut -d' ' -f1 /proc/uptime) s with the controllers $(cat /sys/fs/cgroup/cgroup.subtree_control)"
sh /vm/job.sh > /vm/output 2>&1 < /dev/null
echo $? > /vm/code
sync
echo o > /proc/sysrq-trigger
sleep 60
