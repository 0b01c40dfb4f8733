import CoreTypes
import Gateway
import TestSupport
import Testing

@Suite("Signs of life of the workers")
struct WorkerPulsesTests {
    @Test("A worker is named when its loop has not gone round for more than thirty seconds")
    func silent() {
        let time = ManualTime()
        let pulses = WorkerPulses(time: time)
        let (inbox, jobs) = (pulses.expect("inbox"), pulses.expect("jobs"))
        time.advance(by: .seconds(30))
        #expect(pulses.silent().isEmpty)
        inbox()
        time.advance(by: .seconds(1))
        #expect(pulses.silent() == ["jobs"])
        jobs()
        time.advance(by: .seconds(31))
        #expect(pulses.silent() == ["inbox", "jobs"])
        inbox()
        #expect(pulses.silent() == ["jobs"])
    }
}
