// `npm run db:migrate`: brings the database at DATABASE_URL, or the embedded one, to the newest schema.

import { join } from 'node:path'
import { migrate } from '../src/db/migrate.ts'
import { startPostgres } from './stack/postgres.ts'
import { stackSettings } from './stack/settings.ts'
import { runningStack } from './stack/stack.ts'

const settings = stackSettings(process.env)
const url = settings.databaseUrl ?? runningStack(settings.dir)?.databaseUrl
if (url) {
  await migrate(url)
} else {
  const postgres = await startPostgres({
    dataDir: join(settings.dir, 'postgres'),
    logFile: join(settings.dir, 'logs', 'postgres.log'),
  })
  try {
    await migrate(postgres.url)
  } finally {
    await postgres.stop()
  }
}
console.log('The database has the newest schema.')
