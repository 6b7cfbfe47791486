/** Who answers for the installation and who else receives data; the operator's words (GDPR, Art. 15(1)(c) and (f)). */
export interface Controller {
  readonly name: string
  readonly contact: string
  readonly recipients: readonly string[]
}
