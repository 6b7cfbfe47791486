import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

// The browser's own file; it has no declarations beside its comments.
const { endWhenIdle } = (await import(join(import.meta.dirname, 'assets/idle.js'))) as {
  endWhenIdle: (onIdle: () => void, options: { target: EventTarget }) => () => void
}
const MINUTE = 60_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function watch() {
  const target = new EventTarget()
  const onIdle = vi.fn<() => void>()
  const stop = endWhenIdle(onIdle, { target })
  return { target, onIdle, stop }
}

describe('a page session', () => {
  test('ends after 15 minutes without a sign of life, once', () => {
    const { onIdle } = watch()
    vi.advanceTimersByTime(15 * MINUTE - 1)
    expect(onIdle).not.toHaveBeenCalled()
    vi.advanceTimersByTime(10 * MINUTE)
    expect(onIdle).toHaveBeenCalledOnce()
  })

  test.for(['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'])('goes on after %s', (sign) => {
    const { target, onIdle } = watch()
    vi.advanceTimersByTime(14 * MINUTE)
    target.dispatchEvent(new Event(sign))
    vi.advanceTimersByTime(14 * MINUTE)
    expect(onIdle).not.toHaveBeenCalled()
    vi.advanceTimersByTime(2 * MINUTE)
    expect(onIdle).toHaveBeenCalledOnce()
  })

  test('ends when the computer slept, even if moving the mouse woke it', () => {
    const { target, onIdle } = watch()
    vi.setSystemTime(Date.now() + 60 * MINUTE)
    target.dispatchEvent(new Event('pointermove'))
    expect(onIdle).toHaveBeenCalledOnce()
  })

  test('that was ended otherwise does not end again', () => {
    const { onIdle, stop } = watch()
    stop()
    vi.advanceTimersByTime(60 * MINUTE)
    expect(onIdle).not.toHaveBeenCalled()
  })
})
