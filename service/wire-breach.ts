import { bindAction } from './api/bind-action.ts'
import { notifyBreachAction } from './api/notify-breach.action.ts'
import { recordBreachNoticeAction } from './api/record-breach-notice.action.ts'
import { reportBreachAction } from './api/report-breach.action.ts'
import { updateBreachAction } from './api/update-breach.action.ts'
import { notifyPerson } from './compliance/breach/notify-person.task.ts'
import type { BreachServices, Channel } from './compliance/breach/services.ts'
import { createSmtpChannel } from './compliance/breach/smtp-channel.ts'
import { watchBreachClocks } from './compliance/breach/watch-breach-clocks.task.ts'
import { createWebhookChannel } from './compliance/breach/webhook-channel.ts'
import type { Config } from './config.ts'
import { type BindOptions, type BoundTask, bindTask } from './runtime/jobs.ts'
import type { Wiring } from './wiring.ts'

type Parts = Pick<Wiring, 'config' | 'db' | 'audit'>

export function wireBreach({ config, db, audit }: Parts): BreachServices {
  return { db, audit, timeZone: config.compliance.calendar.timeZone, channel: openChannel(config) }
}

function openChannel({ notices, nodeEnvironment }: Pick<Config, 'notices' | 'nodeEnvironment'>): Channel | undefined {
  const { webhookUrl, secret, smtpUrl, from, contactsUrl } = notices
  if (secret === undefined) return undefined
  if (webhookUrl !== undefined) return createWebhookChannel({ url: webhookUrl, secret })
  if (smtpUrl === undefined || from === undefined || contactsUrl === undefined) return undefined
  const plain = nodeEnvironment !== 'production'
  return createSmtpChannel({ url: smtpUrl, from, contacts: { url: contactsUrl, secret }, plain })
}

export function bindBreachActions(wiring: Wiring) {
  const breach = wireBreach(wiring)
  return [
    bindAction(reportBreachAction, breach),
    bindAction(updateBreachAction, breach),
    bindAction(notifyBreachAction, breach),
    bindAction(recordBreachNoticeAction, breach),
  ]
}

export function bindBreachTasks(wiring: Wiring, options: BindOptions): readonly BoundTask[] {
  const { db, log, metrics } = wiring
  const show: Parameters<typeof watchBreachClocks.run>[1]['show'] = (clocks) => {
    metrics.breachClocks.reset()
    for (const { rule, urgency, clocks: running } of clocks) {
      metrics.breachClocks.set({ rule, urgency }, running)
      if (urgency !== 'in_time') log.warn({ operation: 'breach clock', rule, urgency, clocks: running }, 'alert')
    }
  }
  return [
    bindTask(notifyPerson, wireBreach(wiring), options),
    bindTask(watchBreachClocks, { db, show }, { ...options, schedule: '*/5 * * * *' }),
  ]
}
