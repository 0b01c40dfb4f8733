@main struct Aragora { static func main() {} }
