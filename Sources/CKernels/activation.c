#include "CKernels.h"
#include "approximation.h"

// Functions whose slopes follow from their results.
bool pc_curve_needs_result(pc_unary_function function) {
  return function == pc_sigmoid || function == pc_tanh || function == pc_exponential || function == pc_square_root ||
         function == pc_reciprocal;
}

PC_INLINE float curve(pc_unary_function function, pc_function f, float x) {
  switch (function) {
  case pc_sigmoid: return logistic(x);
  case pc_tanh: return hyperbolic_tangent(x);
  case pc_swish: return x * logistic(x);
  case pc_gelu: {
    float bell;
    return x * normal_distribution(x, &bell);
  }
  // ½ (1 + tanh u) is the logistic function of 2 u; 2 √(2 ÷ π) = 1.59576912.
  case pc_gelu_approximate: return x * logistic(1.59576912f * (x + 0.044715f * x * x * x));
  case pc_softplus: return soft_plus(x);
  // tanh (ln (1 + e)) = e (e + 2) ÷ (e (e + 2) + 2); from e²⁰ on it is 1.
  case pc_mish: {
    float e = exponential(x > 20.0f ? 20.0f : x);
    float n = e * (e + 2.0f);
    return x * (n / (n + 2.0f));
  }
  case pc_softsign: return x / (1.0f + fabsf(x));
  case pc_elu: return x > 0.0f ? f.second * x : f.first * exponential_minus_one(x);
  case pc_celu: return x > 0.0f ? x : f.first * exponential_minus_one(x * f.second);
  case pc_exponential: return exponential(x);
  case pc_logarithm: return logarithm(x);
  case pc_square_root: return square_root(x);
  case pc_reciprocal: return 1.0f / x;
  case pc_negate: return -x;
  case pc_absolute: return fabsf(x);
  case pc_error_function: return error_function(x);
  case pc_square: return x * x;
  case pc_cube: return x * x * x;
  case pc_constant_power: return powf(x, f.first);
  case pc_sine: return sinf(x);
  case pc_cosine: return cosf(x);
  case pc_floor: return floorf(x);
  case pc_ceiling: return ceilf(x);
  // The processor rounds to nearest, halves to even.
  case pc_round: return rintf(x);
  case pc_sign: return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
  case pc_not: return x == 0.0f ? 1.0f : 0.0f;
  // Written so that what is not a number stays so.
  case pc_quantize: {
    float steps = rintf(x / f.first);
    steps = steps < f.second ? f.second : steps;
    steps = steps > f.third ? f.third : steps;
    return steps * f.first;
  }
  default: return x;
  }
}

// `known` is the result where `pc_curve_needs_result` says so, else the operand.
PC_INLINE float curve_slope(pc_unary_function function, pc_function f, float known) {
  switch (function) {
  case pc_sigmoid: return known * (1.0f - known);
  case pc_tanh: return 1.0f - known * known;
  case pc_swish: {
    float gate = logistic(known);
    return gate * (1.0f + known * (1.0f - gate));
  }
  case pc_gelu: {
    float bell;
    float share = normal_distribution(known, &bell);
    return share + known * 0.398942280f * bell;
  }
  case pc_gelu_approximate: {
    float square = known * known;
    float gate = logistic(1.59576912f * (known + 0.044715f * known * square));
    return gate * (1.0f + known * (1.0f - gate) * 1.59576912f * (1.0f + 0.134145f * square));
  }
  case pc_softplus: return logistic(known);
  // With t = n ÷ (n + 2): 1 − t² = 4 (n + 1) ÷ (n + 2)².
  case pc_mish: {
    float e = exponential(known > 20.0f ? 20.0f : known);
    float n = e * (e + 2.0f);
    float inverse = 1.0f / (n + 2.0f);
    float bend = 4.0f * (n + 1.0f) * inverse * inverse * (e / (1.0f + e));
    return n * inverse + known * bend;
  }
  case pc_softsign: {
    float inverse = 1.0f / (1.0f + fabsf(known));
    return inverse * inverse;
  }
  case pc_elu: return known > 0.0f ? f.second : f.first * exponential(known);
  case pc_celu: return known > 0.0f ? 1.0f : exponential(known * f.second);
  case pc_exponential: return known;
  case pc_logarithm: return 1.0f / known;
  case pc_square_root: return 0.5f / known;
  case pc_reciprocal: return -known * known;
  case pc_negate: return -1.0f;
  case pc_absolute: return known > 0.0f ? 1.0f : known < 0.0f ? -1.0f : known;
  case pc_error_function: return 1.12837917f * exponential(-known * known);
  case pc_square: return 2.0f * known;
  case pc_cube: return 3.0f * known * known;
  case pc_constant_power: return f.first == 0.0f ? 0.0f : f.first * powf(known, f.first - 1.0f);
  case pc_sine: return cosf(known);
  case pc_cosine: return -sinf(known);
  case pc_quantize: {
    float steps = known / f.first;
    return (steps > f.second && steps < f.third) ? 1.0f : 0.0f;
  }
  default: return 0.0f;
  }
}

// A constant function lets each loop become vector code of its own.
#define PC_CURVES(PC_CASE)      \
  PC_CASE(pc_sigmoid);          \
  PC_CASE(pc_tanh);             \
  PC_CASE(pc_swish);            \
  PC_CASE(pc_gelu);             \
  PC_CASE(pc_gelu_approximate); \
  PC_CASE(pc_softplus);         \
  PC_CASE(pc_mish);             \
  PC_CASE(pc_softsign);         \
  PC_CASE(pc_elu);              \
  PC_CASE(pc_celu);             \
  PC_CASE(pc_exponential);      \
  PC_CASE(pc_logarithm);        \
  PC_CASE(pc_square_root);      \
  PC_CASE(pc_reciprocal);       \
  PC_CASE(pc_negate);           \
  PC_CASE(pc_absolute);         \
  PC_CASE(pc_error_function);   \
  PC_CASE(pc_square);           \
  PC_CASE(pc_cube);             \
  PC_CASE(pc_constant_power);   \
  PC_CASE(pc_sine);             \
  PC_CASE(pc_cosine);           \
  PC_CASE(pc_floor);            \
  PC_CASE(pc_ceiling);          \
  PC_CASE(pc_round);            \
  PC_CASE(pc_sign);             \
  PC_CASE(pc_not);              \
  PC_CASE(pc_quantize)

PC_CLONES void pc_curve_forward(pc_function f, float *destination, const float *source, ptrdiff_t count) {
  float *restrict to = destination;
  const float *restrict from = source;
#define PC_FORWARD(function)                                                   \
  case function:                                                               \
    for (ptrdiff_t i = 0; i < count; i++) to[i] = curve(function, f, from[i]); \
    break
  switch (f.function) {
    PC_CURVES(PC_FORWARD);
  default: break;
  }
#undef PC_FORWARD
}

PC_CLONES void pc_curve_backward(
    pc_function f, float *destination, const float *gradient, const float *known, ptrdiff_t count) {
  float *restrict to = destination;
  const float *restrict g = gradient;
  const float *restrict k = known;
#define PC_BACKWARD(function)                                                           \
  case function:                                                                        \
    for (ptrdiff_t i = 0; i < count; i++) to[i] = g[i] * curve_slope(function, f, k[i]); \
    break
  switch (f.function) {
    PC_CURVES(PC_BACKWARD);
  default: break;
  }
#undef PC_BACKWARD
}
