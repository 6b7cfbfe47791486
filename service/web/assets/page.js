import { createActivitiesPanel } from './activities-panel.js'
import { completeConnection, createConnectionPanel } from './connection-panel.js'
import { chosenUser, loadConfig, rememberUser } from './demo.js'
import { byId, element } from './dom.js'
import { createGraphql, describeFailure } from './graphql.js'
import { createHealthPanel } from './health-panel.js'
import { clearMessages, say, warn } from './messages.js'
import { createOthersPanel } from './others-panel.js'
import { showServices } from './services-panel.js'
import { createTrainingPanel } from './training-panel.js'

/**
 * @import { DemoConfig, DemoUser } from './demo.js'
 * @import { Graphql } from './graphql.js'
 */

const INTERRUPTED_AFTER_MS = 2_000

/**
 * What the consent page sent back. It is dropped from the address at once, so that it is neither bookmarked nor tried twice.
 * @returns {{ handle: string | null, error: string | null }}
 */
function takeFragment() {
  const fragment = new URLSearchParams(location.hash.slice(1))
  if (location.hash !== '') history.replaceState(null, '', location.pathname + location.search)
  return { handle: fragment.get('handle'), error: fragment.get('error') }
}

/** @param {DemoConfig} config */
function startPage(config) {
  const activities = createActivitiesPanel()
  const training = createTrainingPanel(createHealthPanel())
  const others = createOthersPanel(config)
  const connection = createConnectionPanel(config, {
    onConnected: (isConnected) => document.body.classList.toggle('connected', isConnected),
    onSent: activities.expectNew,
  })
  /** @type {Graphql | undefined} */
  let graphql

  /** @param {DemoUser} user */
  function signIn(user) {
    // Nothing of the one may be on the page when the other looks at it.
    graphql?.stop()
    rememberUser(user)
    showNames(user, config.users)
    graphql = createGraphql({ ...config, userId: user.id, onConnection: createConnectionState() })
    connection.show(user, graphql)
    others.show(user, graphql)
    training.show(user, graphql)
    activities.show(user, graphql)
    return graphql
  }

  showUserChoice(config.users, chosenUser(config.users), (user) => {
    clearMessages()
    signIn(user)
    say(`You are ${user.name} now.`)
  })
  return signIn(chosenUser(config.users))
}

/** A short interruption, as when the token is renewed, is nobody's business. */
function createConnectionState() {
  /** @type {number | undefined} */
  let timer
  let isWarned = false
  return (/** @type {boolean} */ isUp) => {
    window.clearTimeout(timer)
    if (isUp && isWarned) say('Live again.')
    isWarned = false
    if (isUp) return
    timer = window.setTimeout(() => {
      isWarned = true
      warn('Live updates are interrupted: GraphQL does not answer. The page goes on trying.')
    }, INTERRUPTED_AFTER_MS)
  }
}

/**
 * @param {DemoUser} user
 * @param {readonly DemoUser[]} users
 */
function showNames(user, users) {
  const others = users.filter(({ id }) => id !== user.id).map(({ name }) => name)
  for (const node of document.querySelectorAll('[data-name="self"]')) node.textContent = user.name
  for (const node of document.querySelectorAll('[data-name="others"]')) node.textContent = others.join(', ')
}

/**
 * @param {readonly DemoUser[]} users
 * @param {DemoUser} chosen
 * @param {(user: DemoUser) => void} onChoice
 */
function showUserChoice(users, chosen, onChoice) {
  byId('users').append(
    ...users.map((user) => {
      const input = element('input', { type: 'radio', name: 'user', value: user.id, onchange: () => onChoice(user) })
      input.checked = user.id === chosen.id
      return element('label', {}, input, element('span', { textContent: user.name }))
    }),
  )
}

async function main() {
  // The consent page comes back to localhost, which to a browser is somebody else than 127.0.0.1.
  if (location.hostname === '127.0.0.1') return location.replace(location.href.replace('127.0.0.1', 'localhost'))
  const { handle, error } = takeFragment()
  const config = await loadConfig()
  document.body.classList.toggle('simulated', config.simulatorUrl !== null)
  showServices(config)
  byId('notes').replaceChildren(...config.notes.map((note) => element('li', { textContent: note })))
  const graphql = startPage(config)
  if (handle !== null) await completeConnection(graphql, handle)
  else if (error === 'access_denied') say('You did not allow access, so nothing was connected and nothing is stored.')
  else if (error !== null) warn(`The platform ended the attempt (${error}). Connect again.`)
}

main().catch((reason) => warn(describeFailure(reason)))
