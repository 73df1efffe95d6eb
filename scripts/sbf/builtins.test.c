/* Compares builtins.c with the host compiler's own 128-bit arithmetic; run by ./test-builtins. */
#define __multi3 sbf_multi3
#define __udivti3 sbf_udivti3
#define __umodti3 sbf_umodti3
#define __divti3 sbf_divti3
#define __modti3 sbf_modti3
#include "builtins.c"
#include <stdio.h>
#include <stdlib.h>

#define SEED 0x20261121u
#define RANDOM_CASES 12000000ull

static u64 state = SEED, cases;

static u64 next64(void) { /* splitmix64 */
  u64 z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

static void expect(const char *name, u128 n, u128 d, u128 got, u128 want) {
  if (got == want) return;
  fprintf(stderr, "%s(0x%016llx%016llx, 0x%016llx%016llx) = 0x%016llx%016llx, expected 0x%016llx%016llx\n", name,
          (u64)(n >> 64), (u64)n, (u64)(d >> 64), (u64)d, (u64)(got >> 64), (u64)got, (u64)(want >> 64), (u64)want);
  exit(1);
}

static void check(u128 n, u128 d) {
  cases++;
  expect("__multi3", n, d, sbf_multi3(n, d), n * d);
  if (d == 0) return;
  expect("__udivti3", n, d, sbf_udivti3(n, d), n / d);
  expect("__umodti3", n, d, sbf_umodti3(n, d), n % d);
  /* MIN / -1 has no answer in C: ours wraps, as wrapping_div wants it. */
  int wraps = n == (u128)1 << 127 && d == -(u128)1;
  expect("__divti3", n, d, sbf_divti3(n, d), wraps ? n : (u128)((i128)n / (i128)d));
  expect("__modti3", n, d, sbf_modti3(n, d), wraps ? 0 : (u128)((i128)n % (i128)d));
}

/* A number of `bits` bits; one in four has long runs of equal bits, where digit estimates go wrong. */
static u128 of_bits(int bits) {
  u128 x = join(next64(), next64());
  u64 shape = next64();
  if (shape % 4 == 0) {
    x = -(u128)1;
    if (shape & 16) x ^= (u128)1 << (shape >> 8 & 127);
    if (shape & 32) x <<= shape >> 16 & 127;
    if (shape & 64) x -= next64() & 0xff;
  }
  return (x | (u128)1 << 127) >> (128 - bits);
}

int main(void) {
  /* Edges: 0, powers of two, their neighbours, their negatives; includes 1, u64, i128 and u128 extremes. */
  static u128 edge[1024];
  int edges = 0;
  edge[edges++] = 0;
  for (int i = 0; i < 128; i++)
    for (int by = -1; by <= 1; by++) {
      u128 x = ((u128)1 << i) + (u128)(i128)by;
      edge[edges++] = x;
      edge[edges++] = -x;
    }
  for (int i = 0; i < edges; i++)
    for (int j = 0; j < edges; j++) check(edge[i], edge[j]);

  /* Random: every pair of bit lengths. */
  for (u64 i = 0; i < RANDOM_CASES; i++) check(of_bits(1 + i % 128), of_bits(1 + i / 128 % 128));

  /* Around exact multiples, where a quotient digit is off by one first. */
  for (u64 i = 0; i < RANDOM_CASES / 4; i++) {
    u128 d = of_bits(1 + i % 128), q = of_bits(1 + next64() % (128 - i % 128));
    for (int by = -1; by <= 1; by++) check(q * d + (u128)(i128)by, d);
  }
  printf("128-bit builtins: %llu cases equal the host's (seed 0x%x)\n", cases, SEED);
  return 0;
}
