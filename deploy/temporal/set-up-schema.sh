#!/bin/sh
# Brings Temporal's two databases to the schema of this image. Safe to repeat, also after an upgrade.
set -eu

tool() {
  database=$1
  shift
  temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" --port 5432 \
    --user "$SQL_USER" --password "$SQL_PASSWORD" --db "$database" "$@"
}

schemas=/etc/temporal/schema/postgresql/v12

for pair in temporal:temporal temporal_visibility:visibility; do
  database=${pair%%:*}
  schema=${pair##*:}
  # Version 0.0 makes the table of versions. Where there is one already, update-schema goes on from it.
  tool "$database" setup-schema --version 0.0 || echo "$database has a schema; updating it"
  tool "$database" update-schema --schema-dir "$schemas/$schema/versioned"
done
