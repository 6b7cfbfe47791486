import { chosenUser, loadConfig, rememberUser } from './demo.js'
import { byId, element } from './dom.js'
import { createGraphql, describeFailure } from './graphql.js'
import { clearMessages, warn } from './messages.js'

/**
 * @import { DemoConfig, DemoUser } from './demo.js'
 */

const DEFAULT_QUERY = `# Every field has its documentation: the book at the left.
query Overview {
  connections {
    platform
    status
    last_synced_at
  }
  daily_summaries(order_by: { local_day: desc }, limit: 7) {
    local_day
    distance_m
    moving_time_s
    heart_rate_mean_bpm
  }
}
`

// What is typed here stays in this page: a stored tab would win over the query in the address.
const NO_STORAGE = { length: 0, getItem: () => null, setItem: () => {}, removeItem: () => {}, clear: () => {} }

/** @param {DemoConfig} config */
function start(config) {
  const address = new URLSearchParams(location.search)
  const user = chosenUser(config.users, address.get('user'))
  let session = signIn(config, user)
  showUserChoice(config.users, user, (chosen) => {
    session.graphql.stop()
    session = signIn(config, chosen)
    clearMessages()
  })

  const properties = {
    fetcher: (/** @type {unknown} */ operation, /** @type {unknown} */ options) => session.fetcher(operation, options),
    query: address.get('query') ?? DEFAULT_QUERY,
    variables: address.get('variables') ?? '',
    storage: NO_STORAGE,
    isHeadersEditorEnabled: false,
    showPersistHeadersSettings: false,
    forcedTheme: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
  }
  ReactDOM.createRoot(byId('graphiql')).render(React.createElement(GraphiQL, properties))
}

/**
 * @param {DemoConfig} config
 * @param {DemoUser} user
 */
function signIn(config, user) {
  rememberUser(user)
  const graphql = createGraphql({ ...config, userId: user.id, onConnection: () => {} })
  const fetcher = GraphiQL.createFetcher({ url: config.graphqlUrl, fetch: graphql.fetch, wsClient: graphql.client })
  return { graphql, fetcher }
}

/**
 * @param {readonly DemoUser[]} users
 * @param {DemoUser} chosen
 * @param {(user: DemoUser) => void} onChoice
 */
function showUserChoice(users, chosen, onChoice) {
  const select = byId('user')
  if (!(select instanceof HTMLSelectElement)) return
  select.append(
    ...users.map(({ id, name }) => element('option', { value: id, textContent: name, selected: id === chosen.id })),
  )
  select.addEventListener('change', () => onChoice(chosenUser(users, select.value)))
}

loadConfig()
  .then(start)
  .catch((reason) => warn(describeFailure(reason)))
