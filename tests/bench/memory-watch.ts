import { memoryOf } from '../support/process-memory.ts'
import type { RunningProduct } from '../support/running.ts'

/** The straight line through what was seen (least squares). */
export interface Slope {
  readonly mbPerMinute: number
  readonly fromMb: number
  readonly toMb: number
}

interface Point {
  readonly minute: number
  readonly mb: number
}

/** Resident memory of service and worker, once a second. */
export function watchMemory(product: RunningProduct): { stop(): Readonly<Record<string, Slope>> } {
  const pids = { service: product.pidOf('service/main.ts'), worker: product.pidOf('service/worker.ts') }
  const samples = Object.entries(pids).map(([name, pid]) => ({ name, pid, points: [] as Point[] }))
  const begun = performance.now()
  const look = () => {
    for (const { pid, points } of samples)
      points.push({ minute: (performance.now() - begun) / 60_000, mb: residentMb(pid) })
  }
  look()
  const timer = setInterval(look, 1_000)
  return {
    stop() {
      clearInterval(timer)
      look()
      return Object.fromEntries(samples.map(({ name, points }) => [name, lineThrough(points)]))
    },
  }
}

export function lineThrough(points: readonly Point[]): Slope {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [minute, mb] = [mean((point) => point.minute), mean((point) => point.mb)]
  const spread = points.reduce((sum, point) => sum + (point.minute - minute) ** 2, 0)
  const mbPerMinute = points.reduce((sum, point) => sum + (point.minute - minute) * (point.mb - mb), 0) / spread
  const at = (point: Point | undefined) => mb + mbPerMinute * ((point?.minute ?? Number.NaN) - minute)
  return { mbPerMinute, fromMb: at(points[0]), toMb: at(points.at(-1)) }
}

/** NaN where the system does not tell. */
const residentMb = (pid: number) => (memoryOf(pid)?.nowBytes ?? Number.NaN) / 2 ** 20
