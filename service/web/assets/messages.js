import { byId } from './dom.js'

/** Says what happened, politely: a screen reader finishes its sentence first. @param {string} text */
export function say(text) {
  byId('alert').textContent = ''
  byId('status').textContent = text
}

/** Says what went wrong and what to do. @param {string} text */
export function warn(text) {
  byId('status').textContent = ''
  byId('alert').textContent = text
}

export function clearMessages() {
  byId('status').textContent = ''
  byId('alert').textContent = ''
}
