import Foundation

func exponential(_ x: Double) -> Double { exp(x) }
func naturalLogarithm(_ x: Double) -> Double { log(x) }
func power(_ x: Double, _ exponent: Double) -> Double { pow(x, exponent) }
