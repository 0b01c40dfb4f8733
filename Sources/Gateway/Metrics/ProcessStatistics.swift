#if canImport(Glibc)
import Glibc
#endif

/// What the kernel says about this process, under the names that every Prometheus client library uses
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
struct ProcessStatistics: Sendable {
    static let names: Set<String> = [
        "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
    ]

    let cpuSeconds: Double
    let residentBytes: Int
    let virtualBytes: Int

    /// Reads `/proc/self/statm` and the processor time; what cannot be read is 0 and left out.
    static func current() -> ProcessStatistics {
        let fields = contents(of: "/proc/self/statm").split(separator: " ").prefix(2).compactMap { Int($0) }
        let pageSize = Int(sysconf(Int32(_SC_PAGESIZE)))
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return ProcessStatistics(
            cpuSeconds: Double(time.tv_sec) + Double(time.tv_nsec) / 1_000_000_000,
            residentBytes: fields.count == 2 ? fields[1] * pageSize : 0,
            virtualBytes: fields.count == 2 ? fields[0] * pageSize : 0
        )
    }

    /// The statistics in the text format.
    var exposition: String {
        var output = """
            # HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.
            # TYPE process_cpu_seconds_total counter
            process_cpu_seconds_total \(PrometheusText.number(cpuSeconds))

            """
        if residentBytes > 0 {
            output += """
                # HELP process_resident_memory_bytes Resident memory size in bytes.
                # TYPE process_resident_memory_bytes gauge
                process_resident_memory_bytes \(residentBytes)
                # HELP process_virtual_memory_bytes Virtual memory size in bytes.
                # TYPE process_virtual_memory_bytes gauge
                process_virtual_memory_bytes \(virtualBytes)

                """
        }
        return output
    }

    private static func contents(of path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &buffer, buffer.count)
        return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : ""
    }
}
