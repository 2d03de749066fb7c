import type { Cdn } from './cdn.ts'
import { createCloudflareCdn, type CloudflareConfig } from './cloudflare.ts'
import { createCloudFrontCdn, type CloudFrontConfig } from './cloudfront.ts'
import { createPurgeCdn, type PurgeConfig } from './purge.ts'

/** Which CDN stands before the public storage, and how it is reached. */
export type CdnConfig =
  | { readonly kind: 'none' }
  | CloudFrontConfig
  | CloudflareConfig
  | PurgeConfig

/** The embedded default: nothing caches, so there is nothing to drop; `name` lets the step say so. */
const noCdn: Cdn = {
  name: 'none',
  invalidate: async () => ({ reference: null }),
}

/** The CDN of the configuration. */
export const createCdn = (config: CdnConfig): Cdn => {
  switch (config.kind) {
    case 'none':
      return noCdn
    case 'cloudfront':
      return createCloudFrontCdn(config)
    case 'cloudflare':
      return createCloudflareCdn(config)
    case 'purge':
      return createPurgeCdn(config)
  }
}
