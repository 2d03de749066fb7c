// `node scripts/make-bucket.ts`: makes the bucket that the settings name, unless it is there already.

import { bucketOf } from '../src/composition/storage.ts'
import { readConfig } from '../src/config.ts'

const config = readConfig(process.env)
const { SPOOL_STORAGE, S3_BUCKET } = config.settings
if (SPOOL_STORAGE !== 's3') throw new Error('There is a bucket only with SPOOL_STORAGE=s3.')
await bucketOf(config).makeBucket()
console.log(`The bucket ${S3_BUCKET} is there.`)
