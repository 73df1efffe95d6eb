/* 128-bit integer runtime calls for sBPF, compiled to LLVM bitcode and handed to the linker.
   LLVM 23's BPF backend passes each i128 in two registers and expects the result in r0:r2, which
   rustc 1.96 cannot express; clang's bitcode can. Every instruction on chain costs one compute unit,
   so division works on 32-bit digits (Knuth's algorithm D) and never loops over bits.
   ./test-builtins compares all of this with the host's own 128-bit arithmetic. */
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned __int128 u128;
typedef __int128 i128;

#define INLINE static inline __attribute__((always_inline))

INLINE u128 join(u64 hi, u64 lo) { return ((u128)hi << 64) | lo; }

/* The full product of two 64-bit numbers: the VM multiplies 64 by 64 bits to 64 only. LLVM knows this pattern and would
   turn it back into one 128-bit multiplication, a call of __multi3, without end: the empty asm hides a part from it. */
INLINE u128 multiply64(u64 a, u64 b) {
  u64 a0 = (u32)a, a1 = a >> 32, b0 = (u32)b, b1 = b >> 32;
  u64 low = a0 * b0;
  __asm__("" : "+r"(low));
  u64 cross = a1 * b0 + (low >> 32), middle = a0 * b1 + (u32)cross;
  return join(a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (u32)low);
}

u128 __multi3(u128 a, u128 b) {
  u64 al = a, ah = a >> 64, bl = b, bh = b >> 64;
  return multiply64(al, bl) + join(al * bh + ah * bl, 0);
}

/* The VM has no count-leading-zeros. x is not 0. */
INLINE int leading_zeros(u64 x) {
  int n = 0;
  if (!(x >> 32)) { n += 32; x <<= 32; }
  if (!(x >> 48)) { n += 16; x <<= 16; }
  if (!(x >> 56)) { n += 8; x <<= 8; }
  if (!(x >> 60)) { n += 4; x <<= 4; }
  if (!(x >> 62)) { n += 2; x <<= 2; }
  return n + !(x >> 63);
}

/* One quotient digit: divides the three 32-bit digits (n, next) by d, which has its top bit set; n < d.
   n / d1 is the true digit or up to two more (Knuth 4.3.1, theorem B), hence two corrections. The second is
   due only while rest fits 32 bits: beyond, rest * 2^32 exceeds q * d0 anyway. With n < d, q is at most
   2^32 + 1, so q * d0 fits 64 bits. */
INLINE u32 digit(u64 n, u32 next, u64 d, u64 *remainder) {
  u64 d1 = d >> 32, d0 = (u32)d;
  u64 q = n / d1, rest = n - q * d1;
  if (q * d0 > (rest << 32 | next)) {
    q--;
    rest += d1;
    if (!(rest >> 32) && q * d0 > (rest << 32 | next)) q--;
  }
  *remainder = (n << 32 | next) - q * d; /* its high parts cancel: the remainder is below d */
  return q;
}

/* (hi, lo) / d where hi < d, so that the quotient fits 64 bits, and d has its top bit set. */
INLINE u64 divide_normalized(u64 hi, u64 lo, u64 d, u64 *remainder) {
  u64 rest, q1 = digit(hi, lo >> 32, d, &rest), q0 = digit(rest, lo, d, remainder);
  return q1 << 32 | q0;
}

/* (hi, lo) / d where hi < d, for any d: the case that token amounts and rates meet. */
INLINE u64 divide128by64(u64 hi, u64 lo, u64 d, u64 *remainder) {
  if (!(d >> 32)) { /* two plain steps by 32 bits; hi < d lets each fit */
    u64 n1 = hi << 32 | lo >> 32, q1 = n1 / d;
    u64 n0 = (n1 - q1 * d) << 32 | (u32)lo, q0 = n0 / d;
    *remainder = n0 - q0 * d;
    return q1 << 32 | q0;
  }
  int shift = leading_zeros(d);
  if (shift) {
    d <<= shift;
    hi = hi << shift | lo >> (64 - shift);
    lo <<= shift;
  }
  u64 rest, q = divide_normalized(hi, lo, d, &rest);
  *remainder = rest >> shift;
  return q;
}

/* The divisor is not 0: Rust checks before it divides. */
INLINE u128 divide(u128 n, u128 divisor, u128 *remainder) {
  u64 hi = n >> 64, lo = n, dh = divisor >> 64, d = divisor, rest;
  if (!dh) {
    u64 q1 = 0, q0;
    if (!hi) {
      q0 = lo / d;
      rest = lo - q0 * d;
    } else {
      if (hi >= d) {
        q1 = hi / d;
        hi -= q1 * d;
      }
      q0 = divide128by64(hi, lo, d, &rest);
    }
    *remainder = rest;
    return join(q1, q0);
  }
  if (n < divisor) {
    *remainder = n;
    return 0;
  }
  /* A divisor of 65 bits or more: the quotient fits 64 bits. Half of n by the divisor's top 64 bits gives the
     quotient or one more (Hacker's Delight 9-5): take one less, then correct upwards. */
  int shift = leading_zeros(dh);
  u64 top = shift ? dh << shift | d >> (64 - shift) : dh;
  u64 q = divide_normalized(hi >> 1, hi << 63 | lo >> 1, top, &rest) >> (63 - shift);
  if (q) q--;
  n -= multiply64(q, d) + join(q * dh, 0);
  if (n >= divisor) {
    q++;
    n -= divisor;
  }
  *remainder = n;
  return q;
}

u128 __udivti3(u128 n, u128 d) { u128 r; return divide(n, d, &r); }
u128 __umodti3(u128 n, u128 d) { u128 r; divide(n, d, &r); return r; }

/* Signed division rounds toward zero; the remainder has the dividend's sign. MIN / -1 wraps (Rust checks it). */
INLINE u128 magnitude(i128 x) { return x < 0 ? -(u128)x : (u128)x; }

i128 __divti3(i128 n, i128 d) {
  u128 q = __udivti3(magnitude(n), magnitude(d));
  return (n < 0) != (d < 0) ? -q : q;
}

i128 __modti3(i128 n, i128 d) {
  u128 r = __umodti3(magnitude(n), magnitude(d));
  return n < 0 ? -r : r;
}
