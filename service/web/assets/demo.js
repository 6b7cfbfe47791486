/**
 * @typedef {object} DemoUser
 * @property {string} id
 * @property {string} name
 *
 * @typedef {object} DemoService
 * @property {string} name
 * @property {string} description
 * @property {string} [url]
 *
 * @typedef {object} DemoConfig
 * @property {string} graphqlUrl
 * @property {string} subscriptionsUrl
 * @property {string | null} simulatorUrl
 * @property {readonly DemoUser[]} users
 * @property {readonly DemoService[]} services
 * @property {string} platform
 * @property {readonly { id: string, name: string }[]} others
 * @property {readonly string[]} notes
 */

const REMEMBERED_USER = 'tributary.user'

/** @returns {Promise<DemoConfig>} */
export async function loadConfig() {
  return answerOf(await fetch('/demo/config.json'))
}

/**
 * @param {string} userId
 * @returns {Promise<{ token: string, expiresAt: string }>}
 */
export async function openSession(userId) {
  return post('/demo/session', { userId })
}

/**
 * Has the simulated athlete of this user finish an activity.
 * @param {string} userId
 * @returns {Promise<{ name: string }>}
 */
export async function sendActivity(userId) {
  return post('/demo/activity', { userId })
}

/**
 * The user chosen in this tab, or else the first one.
 * @param {readonly DemoUser[]} users
 * @param {string | null} [preferred]
 * @returns {DemoUser}
 */
export function chosenUser(users, preferred) {
  const id = preferred ?? sessionStorage.getItem(REMEMBERED_USER)
  const user = users.find((candidate) => candidate.id === id) ?? users[0]
  if (user === undefined) throw new Error('there is no demo user')
  return user
}

/** @param {DemoUser} user */
export function rememberUser({ id }) {
  sessionStorage.setItem(REMEMBERED_USER, id)
}

/**
 * @param {string} path
 * @param {object} body
 */
async function post(path, body) {
  return answerOf(
    await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  )
}

/** @param {Response} response */
async function answerOf(response) {
  const body = await response.json().catch(() => undefined)
  if (!response.ok) throw new Error(body?.message ?? `The service answered ${response.status}.`)
  return body
}
