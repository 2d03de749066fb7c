import type { Database } from '../db/database.ts'
import type { Repositories } from '../db/repositories.ts'
import { createAccountsRepository } from '../db/repositories/accounts.ts'
import { createApiKeysRepository } from '../db/repositories/api-keys.ts'
import { createExecutionsRepository } from '../db/repositories/executions.ts'
import { createGenerationsRepository } from '../db/repositories/generations.ts'
import { createIdempotencyRepository } from '../db/repositories/idempotency.ts'
import { createLedgerRepository } from '../db/repositories/ledger.ts'
import { createMediaRepository } from '../db/repositories/media.ts'
import { createMediaStreamsRepository } from '../db/repositories/media-streams.ts'
import { createTasksRepository } from '../db/repositories/tasks.ts'
import { createVideosRepository } from '../db/repositories/videos.ts'
import { createWebhookDeliveriesRepository } from '../db/repositories/webhook-deliveries.ts'
import { createWebhookEndpointsRepository } from '../db/repositories/webhook-endpoints.ts'

/** All tables, for both processes. */
export const createRepositories = (database: Database): Repositories => ({
  accounts: createAccountsRepository(database),
  apiKeys: createApiKeysRepository(database),
  executions: createExecutionsRepository(database),
  generations: createGenerationsRepository(database),
  idempotency: createIdempotencyRepository(database),
  ledger: createLedgerRepository(database),
  media: createMediaRepository(database),
  mediaStreams: createMediaStreamsRepository(database),
  tasks: createTasksRepository(database),
  videos: createVideosRepository(database),
  webhookDeliveries: createWebhookDeliveriesRepository(database),
  webhookEndpoints: createWebhookEndpointsRepository(database),
})
