// `node scripts/run.mjs scripts/make-bucket.ts`: makes the bucket that the settings name, unless it is
// there already. `node` alone does it from 24 on.

import { randomBytes } from 'node:crypto'
import { bucketOf } from '../src/composition/storage.ts'
import { readConfig } from '../src/config.ts'

/** A server needs these and a bucket does not: there may be neither a database nor a secret yet. */
const NOT_ASKED_FOR = {
  DATABASE_URL: 'postgres://127.0.0.1/none',
  SPOOL_SECRET: randomBytes(32).toString('hex'),
  SPOOL_ADMIN_KEY: randomBytes(32).toString('hex'),
}

const config = readConfig({ ...NOT_ASKED_FOR, ...process.env })
const { SPOOL_STORAGE, S3_BUCKET } = config.settings
if (SPOOL_STORAGE !== 's3') throw new Error('There is a bucket only with SPOOL_STORAGE=s3.')
await bucketOf(config).makeBucket()
console.log(`The bucket ${S3_BUCKET} is there.`)
