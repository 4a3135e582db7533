import Glibc
let mutantNumber: Int = getenv("MUTANT").flatMap { Int(String(cString: $0)) } ?? 0
func mutant(_ number: Int) -> Bool { mutantNumber == number }
