import { Encoder } from '@garmin/fitsdk'

/** Numbers of messages in the FIT profile. */
const [FILE_ID, SESSION, LAP, RECORD, ACTIVITY] = [0, 18, 19, 20, 34]
const SECONDS = 60
const METRES_PER_SECOND = 3

/** A run of a minute at three metres a second, its heart beating a little faster each second, as a FIT file. */
export function runFile(startS: number): Buffer {
  const at = (second: number) => new Date((startS + second) * 1000)
  const encoder = new Encoder()
  const write = (mesgNum: number, fields: object) => encoder.writeMesg({ mesgNum, ...fields })
  write(FILE_ID, { type: 'activity', manufacturer: 'development', product: 1, timeCreated: at(0), serialNumber: 1 })
  for (let second = 0; second < SECONDS; second += 1)
    write(RECORD, { timestamp: at(second), heartRate: 100 + second, distance: second * METRES_PER_SECOND })
  const whole = {
    timestamp: at(SECONDS),
    startTime: at(0),
    totalElapsedTime: SECONDS,
    totalTimerTime: SECONDS,
    totalDistance: SECONDS * METRES_PER_SECOND,
  }
  write(LAP, { messageIndex: 0, ...whole })
  write(SESSION, { messageIndex: 0, ...whole, sport: 'running', firstLapIndex: 0, numLaps: 1 })
  write(ACTIVITY, {
    timestamp: at(SECONDS),
    numSessions: 1,
    totalTimerTime: SECONDS,
    localTimestamp: startS + SECONDS - 631_065_600 + 3600,
  })
  return Buffer.from(encoder.close())
}
