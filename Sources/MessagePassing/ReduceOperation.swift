/// How the ranks' numbers are combined into one, element by element.
///
/// `sum` of floating-point numbers may depend on the number of ranks in its last bits (the order of additions is the
/// transport's): use it for counts and timings, and gather where bits must not change. With a NaN among the numbers the
/// result of `min` and `max` is not defined.
public enum ReduceOperation: String, Equatable, Sendable {
  case sum
  case min
  case max
}
