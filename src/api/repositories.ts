import type { AccountsRepository } from '../db/repositories/accounts.ts'
import type { ApiKeysRepository } from '../db/repositories/api-keys.ts'
import type { ExecutionsRepository } from '../db/repositories/executions.ts'
import type { IdempotencyRepository } from '../db/repositories/idempotency.ts'
import type { LedgerRepository } from '../db/repositories/ledger.ts'
import type { MediaRepository } from '../db/repositories/media.ts'
import type { TasksRepository } from '../db/repositories/tasks.ts'
import type { VideosRepository } from '../db/repositories/videos.ts'
import type { WebhookDeliveriesRepository } from '../db/repositories/webhook-deliveries.ts'
import type { WebhookEndpointsRepository } from '../db/repositories/webhook-endpoints.ts'

/** All tables, as the API may use them. */
export interface Repositories {
  readonly accounts: AccountsRepository
  readonly apiKeys: ApiKeysRepository
  readonly executions: ExecutionsRepository
  readonly idempotency: IdempotencyRepository
  readonly ledger: LedgerRepository
  readonly media: MediaRepository
  readonly tasks: TasksRepository
  readonly videos: VideosRepository
  readonly webhookDeliveries: WebhookDeliveriesRepository
  readonly webhookEndpoints: WebhookEndpointsRepository
}
