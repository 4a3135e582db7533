/// One term of a cost: coefficient × left × right, bilinear in the kept counts, or coefficient × a measured table.
///
/// A layer costs unit cost × kept inputs × kept outputs; a depthwise layer has the constant 1 on one side; a group that
/// feeds and leaves the same layer (a residual stream) stands on both sides. An option scales a product: bit widths.
public struct CostTerm: Equatable, Sendable {
  /// Cost per unit of left × right, or of the table's entry; finite and ≥ 0.
  public let coefficient: Double
  /// The one width.
  public let left: LinearForm
  /// The other width.
  public let right: LinearForm
  /// The option whose factor multiplies the product; `nil` if none does.
  public let option: OptionFactor?
  /// Takes the place of left × right; `nil` for a product.
  public let table: WidthTable?

  /// The product coefficient × left × right × factor of the chosen option; without `right` it is linear.
  public init(
    coefficient: Double, left: LinearForm, right: LinearForm = LinearForm(constant: 1), option: OptionFactor? = nil
  ) {
    self.coefficient = coefficient
    self.left = left
    self.right = right
    self.option = option
    table = nil
  }

  /// The measured cost coefficient × table(left, right).
  public init(
    coefficient: Double, table: WidthTable, left: LinearForm, right: LinearForm = LinearForm(constant: 1)
  ) {
    self.coefficient = coefficient
    self.left = left
    self.right = right
    option = nil
    self.table = table
  }

  /// The term's value at the given kept counts, one per group, and chosen alternatives, one per option.
  /// - Precondition: `options` has an alternative for the term's option, if it has one.
  public func value(_ kept: [Int], options: [Int] = []) -> Double {
    value(left.value(kept), right.value(kept), options: options)
  }

  /// The one order of multiplication, so that every evaluation of a cost gives the same bits.
  func value(_ left: Double, _ right: Double, options: [Int]) -> Double {
    if let table { return coefficient * table.value(left, right) }
    let product = coefficient * left * right
    guard let option else { return product }
    return product * option.factors[options[option.choice]]
  }

  /// Every share of a group in the term, of both sides.
  var parts: [LinearForm.Part] { left.terms + right.terms }
}
