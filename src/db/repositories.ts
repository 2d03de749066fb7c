import type { AccountsRepository } from './repositories/accounts.ts'
import type { ApiKeysRepository } from './repositories/api-keys.ts'
import type { ExecutionsRepository } from './repositories/executions.ts'
import type { GenerationsRepository } from './repositories/generations.ts'
import type { IdempotencyRepository } from './repositories/idempotency.ts'
import type { LedgerRepository } from './repositories/ledger.ts'
import type { MediaRepository } from './repositories/media.ts'
import type { MediaStreamsRepository } from './repositories/media-streams.ts'
import type { TasksRepository } from './repositories/tasks.ts'
import type { VideosRepository } from './repositories/videos.ts'
import type { WebhookDeliveriesRepository } from './repositories/webhook-deliveries.ts'
import type { WebhookEndpointsRepository } from './repositories/webhook-endpoints.ts'

/** All tables, as the API and the activities may use them. */
export interface Repositories {
  readonly accounts: AccountsRepository
  readonly apiKeys: ApiKeysRepository
  readonly executions: ExecutionsRepository
  readonly generations: GenerationsRepository
  readonly idempotency: IdempotencyRepository
  readonly ledger: LedgerRepository
  readonly media: MediaRepository
  readonly mediaStreams: MediaStreamsRepository
  readonly tasks: TasksRepository
  readonly videos: VideosRepository
  readonly webhookDeliveries: WebhookDeliveriesRepository
  readonly webhookEndpoints: WebhookEndpointsRepository
}
