/** Who is asking, after authentication. Names are lower case, values strings; `x-hasura-role` is always there. */
export interface Session {
  readonly role: string
  readonly variables: Readonly<Record<string, string>>
  /** Mutations marked `backend_only` are visible. */
  readonly backendOnly: boolean
  /** End of the token's life; a websocket is closed then. Undefined with the admin secret or a token without `exp`. */
  readonly expiresAt?: Date
}

export interface GraphqlRequest {
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>> | null
  readonly operationName?: string | null
}
