import { element } from './dom.js'

/** Automatic logoff: 45 CFR 164.312(a)(2)(iii). */
const LIMIT_MS = 15 * 60_000
const LOOK_EVERY_MS = 5_000
const SIGNS_OF_LIFE = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart']

/**
 * Calls `onIdle` once when nobody has touched the page for 15 minutes. A computer that slept counts as untouched: the movement that
 * wakes it comes too late.
 * @param {() => void} onIdle
 * @param {{ target?: EventTarget, now?: () => number }} [options]
 * @returns {() => void} Stops watching.
 */
export function endWhenIdle(onIdle, { target = window, now = Date.now } = {}) {
  let lastSign = now()

  function stop() {
    clearInterval(timer)
    for (const sign of SIGNS_OF_LIFE) target.removeEventListener(sign, touch)
  }

  function isEnded() {
    if (now() - lastSign < LIMIT_MS) return false
    stop()
    onIdle()
    return true
  }

  function touch() {
    if (!isEnded()) lastSign = now()
  }

  const timer = setInterval(isEnded, LOOK_EVERY_MS)
  for (const sign of SIGNS_OF_LIFE) target.addEventListener(sign, touch, { passive: true })
  return stop
}

/** Nothing of a person stays on an unattended screen. */
export function showSignedOut() {
  document.body.replaceChildren(
    element(
      'main',
      {},
      element('h1', { textContent: 'Signed out' }),
      element('p', { textContent: 'Nobody used this page for 15 minutes.' }),
      element('p', {}, element('a', { href: location.pathname, textContent: 'Sign in again' })),
    ),
  )
}
