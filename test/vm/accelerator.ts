/**
 * QEMU's options for the processors of a guest.
 *
 * Without a processor that runs guests, QEMU translates what they do, ten times slower. Then their clock runs by the
 * instructions they have done, 1 ns each, so that to themselves they are as quick as a real machine: nothing comes too late
 * for a test because the guest is slow. A processor without AVX needs the least translation.
 *
 * @param cpuinfo the text of `/proc/cpuinfo`.
 */
export function acceleratorOptions(cpuinfo: string): readonly string[] {
  // Not whether there is /dev/kvm: some that have it run only kernels made for them.
  const canVirtualize = /^flags\s*:.*\b(?:vmx|svm)\b/m.test(cpuinfo);
  return canVirtualize
    ? ["-accel", "kvm", "-cpu", "host", "-smp", "2"]
    : ["-accel", "tcg", "-icount", "shift=0,sleep=on", "-cpu", "Nehalem", "-smp", "1"];
}
