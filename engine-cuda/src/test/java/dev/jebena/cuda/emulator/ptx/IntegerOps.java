package dev.jebena.cuda.emulator.ptx;

/** Integer and bitwise arithmetic. */
final class IntegerOps {

  private static final int L = LaneLoop.LANES;

  private IntegerOps() {}

  static void register(Alu.Table t) {
    words(t);
    halves(t);
    longs(t);
    multiplications(t);
    bits(t);
    dotProducts(t);
    moves(t);
  }

  private static void words(Alu.Table t) {
    t.add("iii", "add.s32 add.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] + r[b + l]; });
    t.add("iii", "add.sat.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = saturate((long) r[a + l] + r[b + l]); });
    t.add("iii", "sub.s32 sub.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] - r[b + l]; });
    t.add("iii", "sub.sat.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = saturate((long) r[a + l] - r[b + l]); });
    t.add("iii", "div.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[b + l] == 0 ? -1 : r[a + l] / r[b + l]; });
    t.add("iii", "div.u32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = r[b + l] == 0 ? -1 : Integer.divideUnsigned(r[a + l], r[b + l]);
    });
    t.add("iii", "rem.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[b + l] == 0 ? r[a + l] : r[a + l] % r[b + l]; });
    t.add("iii", "rem.u32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = r[b + l] == 0 ? r[a + l] : Integer.remainderUnsigned(r[a + l], r[b + l]);
    });
    t.add("iii", "min.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.min(r[a + l], r[b + l]); });
    t.add("iii", "max.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.max(r[a + l], r[b + l]); });
    t.add("iii", "min.u32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = Integer.compareUnsigned(r[a + l], r[b + l]) < 0 ? r[a + l] : r[b + l];
    });
    t.add("iii", "max.u32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = Integer.compareUnsigned(r[a + l], r[b + l]) > 0 ? r[a + l] : r[b + l];
    });
    t.add("iii", "and.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & r[b + l]; });
    t.add("iii", "or.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] | r[b + l]; });
    t.add("iii", "xor.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] ^ r[b + l]; });
    t.add("ii", "not.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = ~r[a + l]; });
    t.add("ii", "cnot.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] == 0 ? 1 : 0; });
    t.add("ii", "neg.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = -r[a + l]; });
    t.add("ii", "abs.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.abs(r[a + l]); });
    t.add("iii", "shl.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[b + l] & ~31) != 0 ? 0 : r[a + l] << r[b + l]; });
    t.add("iii", "shr.u32 shr.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[b + l] & ~31) != 0 ? 0 : r[a + l] >>> r[b + l]; });
    t.add("iii", "shr.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] >> ((r[b + l] & ~31) != 0 ? 31 : r[b + l]); });
    t.add("iiii", "sad.s32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = r[c + l] + Math.max(r[a + l], r[b + l]) - Math.min(r[a + l], r[b + l]);
    });
  }

  private static void halves(Alu.Table t) {
    t.add("iii", "add.s16 add.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] + r[b + l] & 0xffff; });
    t.add("iii", "sub.s16 sub.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] - r[b + l] & 0xffff; });
    t.add("iii", "mul.lo.s16 mul.lo.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] * r[b + l] & 0xffff; });
    t.add("iii", "mul.wide.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] & 0xffff) * (r[b + l] & 0xffff); });
    t.add("iii", "mul.wide.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (short) r[a + l] * (short) r[b + l]; });
    t.add("iii", "mul.hi.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] & 0xffff) * (r[b + l] & 0xffff) >>> 16; });
    t.add("iiii", "mad.lo.s16 mad.lo.u16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = r[a + l] * r[b + l] + r[c + l] & 0xffff;
    });
    t.add("iii", "div.u16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (r[b + l] & 0xffff) == 0 ? 0xffff : (r[a + l] & 0xffff) / (r[b + l] & 0xffff);
    });
    t.add("iii", "div.s16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (short) r[b + l] == 0 ? 0xffff : (short) r[a + l] / (short) r[b + l] & 0xffff;
    });
    t.add("iii", "rem.u16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (r[b + l] & 0xffff) == 0 ? r[a + l] : (r[a + l] & 0xffff) % (r[b + l] & 0xffff);
    });
    t.add("iii", "rem.s16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (short) r[b + l] == 0 ? r[a + l] : (short) r[a + l] % (short) r[b + l] & 0xffff;
    });
    t.add("iii", "min.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.min((short) r[a + l], (short) r[b + l]) & 0xffff; });
    t.add("iii", "max.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.max((short) r[a + l], (short) r[b + l]) & 0xffff; });
    t.add("iii", "min.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.min(r[a + l] & 0xffff, r[b + l] & 0xffff); });
    t.add("iii", "max.u16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.max(r[a + l] & 0xffff, r[b + l] & 0xffff); });
    t.add("iii", "and.b16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & r[b + l] & 0xffff; });
    t.add("iii", "or.b16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] | r[b + l]) & 0xffff; });
    t.add("iii", "xor.b16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] ^ r[b + l]) & 0xffff; });
    t.add("ii", "not.b16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = ~r[a + l] & 0xffff; });
    t.add("ii", "neg.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = -r[a + l] & 0xffff; });
    t.add("ii", "abs.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Math.abs((short) r[a + l]) & 0xffff; });
    t.add("iii", "shl.b16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[b + l] & ~15) != 0 ? 0 : r[a + l] << r[b + l] & 0xffff; });
    t.add("iii", "shr.u16 shr.b16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (r[b + l] & ~15) != 0 ? 0 : (r[a + l] & 0xffff) >>> r[b + l];
    });
    t.add("iii", "shr.s16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (short) r[a + l] >> ((r[b + l] & ~15) != 0 ? 15 : r[b + l]) & 0xffff;
    });
  }

  private static void longs(Alu.Table t) {
    t.add("www", "add.s64 add.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] + q[b + l]; });
    t.add("www", "sub.s64 sub.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] - q[b + l]; });
    t.add("www", "div.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[b + l] == 0 ? -1 : q[a + l] / q[b + l]; });
    t.add("www", "div.u64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = q[b + l] == 0 ? -1 : Long.divideUnsigned(q[a + l], q[b + l]);
    });
    t.add("www", "rem.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[b + l] == 0 ? q[a + l] : q[a + l] % q[b + l]; });
    t.add("www", "rem.u64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = q[b + l] == 0 ? q[a + l] : Long.remainderUnsigned(q[a + l], q[b + l]);
    });
    t.add("www", "min.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = Math.min(q[a + l], q[b + l]); });
    t.add("www", "max.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = Math.max(q[a + l], q[b + l]); });
    t.add("www", "min.u64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = Long.compareUnsigned(q[a + l], q[b + l]) < 0 ? q[a + l] : q[b + l];
    });
    t.add("www", "max.u64", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) q[d + l] = Long.compareUnsigned(q[a + l], q[b + l]) > 0 ? q[a + l] : q[b + l];
    });
    t.add("www", "and.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] & q[b + l]; });
    t.add("www", "or.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] | q[b + l]; });
    t.add("www", "xor.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] ^ q[b + l]; });
    t.add("ww", "not.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = ~q[a + l]; });
    t.add("ww", "neg.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = -q[a + l]; });
    t.add("ww", "abs.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = Math.abs(q[a + l]); });
    t.add("wwi", "shl.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = (r[b + l] & ~63) != 0 ? 0 : q[a + l] << r[b + l]; });
    t.add("wwi", "shr.u64 shr.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = (r[b + l] & ~63) != 0 ? 0 : q[a + l] >>> r[b + l]; });
    t.add("wwi", "shr.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] >> ((r[b + l] & ~63) != 0 ? 63 : r[b + l]); });
  }

  private static void multiplications(Alu.Table t) {
    t.add("iii", "mul.lo.s32 mul.lo.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] * r[b + l]; });
    t.add("iii", "mul.hi.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) ((long) r[a + l] * r[b + l] >> 32); });
    t.add("iii", "mul.hi.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) (u(r[a + l]) * u(r[b + l]) >>> 32); });
    t.add("iii", "mul24.lo.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] << 8 >> 8) * (r[b + l] << 8 >> 8); });
    t.add("iii", "mul24.lo.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (r[a + l] & 0xffffff) * (r[b + l] & 0xffffff); });
    t.add("wii", "mul.wide.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = (long) r[a + l] * r[b + l]; });
    t.add("wii", "mul.wide.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = u(r[a + l]) * u(r[b + l]); });
    t.add("www", "mul.lo.s64 mul.lo.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] * q[b + l]; });
    t.add("www", "mul.hi.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = Math.multiplyHigh(q[a + l], q[b + l]); });
    t.add("www", "mul.hi.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = Math.unsignedMultiplyHigh(q[a + l], q[b + l]); });
    t.add("iiii", "mad.lo.s32 mad.lo.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] * r[b + l] + r[c + l]; });
    t.add("iiii", "mad.hi.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) ((long) r[a + l] * r[b + l] >> 32) + r[c + l]; });
    t.add("iiii", "mad.hi.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) (u(r[a + l]) * u(r[b + l]) >>> 32) + r[c + l]; });
    t.add("wiiw", "mad.wide.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = (long) r[a + l] * r[b + l] + q[c + l]; });
    t.add("wiiw", "mad.wide.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = u(r[a + l]) * u(r[b + l]) + q[c + l]; });
    t.add("iiii", "mad.wide.s16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (short) r[a + l] * (short) r[b + l] + r[c + l]; });
    t.add("iiii", "mad.wide.u16", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (r[a + l] & 0xffff) * (r[b + l] & 0xffff) + r[c + l];
    });
    t.add("wwww", "mad.lo.s64 mad.lo.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = q[a + l] * q[b + l] + q[c + l]; });
  }

  private static void bits(Alu.Table t) {
    t.add("ii", "popc.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Integer.bitCount(r[a + l]); });
    t.add("iw", "popc.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Long.bitCount(q[a + l]); });
    t.add("ii", "clz.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Integer.numberOfLeadingZeros(r[a + l]); });
    t.add("iw", "clz.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Long.numberOfLeadingZeros(q[a + l]); });
    t.add("ii", "brev.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = Integer.reverse(r[a + l]); });
    t.add("ww", "brev.b64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = Long.reverse(q[a + l]); });
    t.add("ii", "bfind.u32 bfind.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = 31 - Integer.numberOfLeadingZeros(r[a + l]); });
    t.add("ii", "bfind.s32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = 31 - Integer.numberOfLeadingZeros(r[a + l] < 0 ? ~r[a + l] : r[a + l]);
    });
    t.add("ii", "bfind.shiftamt.u32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = r[a + l] == 0 ? -1 : Integer.numberOfLeadingZeros(r[a + l]);
    });
    t.add("iw", "bfind.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = 63 - Long.numberOfLeadingZeros(q[a + l]); });
    t.add("iiii", "bfe.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) extract(u(r[a + l]), r[b + l], r[c + l], 32, false); });
    t.add("iiii", "bfe.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) extract(r[a + l], r[b + l], r[c + l], 32, true); });
    t.add("wwii", "bfe.u64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = extract(q[a + l], r[b + l], r[c + l], 64, false); });
    t.add("wwii", "bfe.s64", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) q[d + l] = extract(q[a + l], r[b + l], r[c + l], 64, true); });
    t.add("iii", "bmsk.clamp.b32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) {
        int from = Math.min(r[a + l] & 0xff, 32);
        int to = Math.min(from + Math.min(r[b + l] & 0xff, 32), 32);
        r[d + l] = (int) ((1L << to) - (1L << from));
      }
    });
    t.add("iiii", "shf.l.wrap.b32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (int) (pair(r[a + l], r[b + l]) << (r[c + l] & 31) >>> 32);
    });
    t.add("iiii", "shf.l.clamp.b32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) r[d + l] = (int) (pair(r[a + l], r[b + l]) << clamp(r[c + l]) >>> 32);
    });
    t.add("iiii", "shf.r.wrap.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) (pair(r[a + l], r[b + l]) >>> (r[c + l] & 31)); });
    t.add("iiii", "shf.r.clamp.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = (int) (pair(r[a + l], r[b + l]) >>> clamp(r[c + l])); });
    t.add("iiii", "prmt.b32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = permute(r[a + l], r[b + l], r[c + l]); });
  }

  private static void dotProducts(Alu.Table t) {
    t.add("iiii", 8, "dp4a.s32.s32", (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) {
        int x = r[a + l];
        int y = r[b + l];
        r[d + l] = r[c + l] + (byte) x * (byte) y + (byte) (x >> 8) * (byte) (y >> 8) + (byte) (x >> 16) * (byte) (y >> 16) + (x >> 24) * (y >> 24);
      }
    });
    t.add("iiii", 8, "dp4a.u32.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = dp4a(r[a + l], r[b + l], r[c + l], 255, 255); });
    t.add("iiii", 8, "dp4a.u32.s32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = dp4a(r[a + l], r[b + l], r[c + l], 255, -1); });
    t.add("iiii", 8, "dp4a.s32.u32", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = dp4a(r[a + l], r[b + l], r[c + l], -1, 255); });
    for (String half : new String[] {"lo", "hi"}) {
      int shift = half.equals("lo") ? 0 : 16;
      t.add("iiii", 4, "dp2a." + half + ".s32.s32", (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          int y = r[b + l] >> shift;
          r[d + l] = r[c + l] + (short) r[a + l] * (byte) y + (r[a + l] >> 16) * (byte) (y >> 8);
        }
      });
      t.add("iiii", 4, "dp2a." + half + ".u32.u32", (r, q, d, a, b, c) -> {
        for (int l = 0; l < L; l++) {
          int y = r[b + l] >>> shift;
          r[d + l] = r[c + l] + (r[a + l] & 0xffff) * (y & 255) + (r[a + l] >>> 16) * (y >>> 8 & 255);
        }
      });
    }
  }

  private static void moves(Alu.Table t) {
    t.add("ii", "mov.b32 mov.u32 mov.s32 mov.f32", (r, q, d, a, b, c) -> System.arraycopy(r, a, r, d, L));
    t.add("ii", "mov.b16 mov.u16 mov.s16 mov.f16 mov.bf16", (r, q, d, a, b, c) -> { for (int l = 0; l < L; l++) r[d + l] = r[a + l] & 0xffff; });
    t.add("ww", "mov.b64 mov.u64 mov.s64 mov.f64", (r, q, d, a, b, c) -> System.arraycopy(q, a, q, d, L));
  }

  /** {@code lop3}: bit {@code 4 a + 2 b + c} of the table says what the bits a, b and c give. */
  static LaneLoop lop3(int table) {
    return (r, q, d, a, b, c) -> {
      for (int l = 0; l < L; l++) {
        int x = r[a + l];
        int y = r[b + l];
        int z = r[c + l];
        int out = 0;
        for (int k = 0; k < 8; k++) {
          if ((table >> k & 1) != 0) {
            out |= ((k & 4) != 0 ? x : ~x) & ((k & 2) != 0 ? y : ~y) & ((k & 1) != 0 ? z : ~z);
          }
        }
        r[d + l] = out;
      }
    };
  }

  static int insert(int from, int into, int position, int length) {
    int at = position & 255;
    int bits = length & 255;
    if (at >= 32 || bits == 0) {
      return into;
    }
    int mask = (bits >= 32 ? -1 : (1 << bits) - 1) << at;
    return into & ~mask | from << at & mask;
  }

  static long insert(long from, long into, int position, int length) {
    int at = position & 255;
    int bits = length & 255;
    if (at >= 64 || bits == 0) {
      return into;
    }
    long mask = (bits >= 64 ? -1L : (1L << bits) - 1) << at;
    return into & ~mask | from << at & mask;
  }

  private static long u(int value) {
    return value & 0xffffffffL;
  }

  private static long pair(int low, int high) {
    return (long) high << 32 | u(low);
  }

  private static int clamp(int shift) {
    return Integer.compareUnsigned(shift, 32) > 0 ? 32 : shift;
  }

  private static int saturate(long value) {
    return (int) Math.max(Integer.MIN_VALUE, Math.min(Integer.MAX_VALUE, value));
  }

  private static int dp4a(int x, int y, int sum, int xMask, int yMask) {
    for (int shift = 0; shift < 32; shift += 8) {
      sum += ((byte) (x >> shift) & xMask) * ((byte) (y >> shift) & yMask);
    }
    return sum;
  }

  private static long extract(long value, int position, int length, int width, boolean signed) {
    int at = position & 255;
    int bits = length & 255;
    if (bits == 0) {
      return 0;
    }
    long sign = signed ? value >> Math.min(Math.min(at + bits - 1, width - 1), 63) & 1 : 0;
    long shifted = at >= width ? 0 : value >>> at;
    int present = Math.max(0, Math.min(bits, width - at));
    long kept = present == 0 ? 0 : present >= 64 ? shifted : shifted & (1L << present) - 1;
    return sign == 0 || present >= 64 ? kept : kept | -1L << present;
  }

  private static int permute(int a, int b, int selector) {
    long bytes = pair(a, b);
    int out = 0;
    for (int i = 0; i < 4; i++) {
      int nibble = selector >> 4 * i & 15;
      int value = (int) (bytes >>> 8 * (nibble & 7)) & 255;
      if ((nibble & 8) != 0) {
        value = (byte) value < 0 ? 255 : 0;
      }
      out |= value << 8 * i;
    }
    return out;
  }
}
