package io.ubiblk.config;

import io.ubiblk.crypto.KeyWrapping;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where an archive is. */
public sealed interface ArchiveStorage {

  /** Length of an archive's key-encryption key in bytes. */
  int KEK_BYTES = KeyWrapping.KEY_BYTES;

  /** {@return name of the secret that the archive's keys are wrapped with, or null} */
  @Nullable String archiveKek();

  /**
   * A directory.
   *
   * @param path the directory
   * @param archiveKek name of the secret that the archive's keys are wrapped with, or null
   */
  record Filesystem(Path path, @Nullable String archiveKek) implements ArchiveStorage {}

  /**
   * A bucket of an S3 object store.
   *
   * @param bucket the bucket
   * @param prefix what the names of all objects begin with, or null
   * @param region the region, or null for the client's default
   * @param endpoint the address of the service, or null for the client's default
   * @param accessKeyId name of the secret that holds the access key's id
   * @param secretAccessKey name of the secret that holds the access key
   * @param sessionToken name of the secret that holds the session token, or null
   * @param archiveKek name of the secret that the archive's keys are wrapped with, or null
   * @param connections most connections at once
   * @param connectTimeoutMillis longest time to connect, in milliseconds
   * @param attemptTimeoutMillis longest time of one attempt of an operation, in milliseconds
   * @param maxAttempts how often an operation is tried
   * @param rateLimitedRetry what to do when the service says that there were too many requests
   */
  record S3(
      String bucket,
      @Nullable String prefix,
      @Nullable String region,
      @Nullable String endpoint,
      String accessKeyId,
      String secretAccessKey,
      @Nullable String sessionToken,
      @Nullable String archiveKek,
      long connections,
      long connectTimeoutMillis,
      long attemptTimeoutMillis,
      long maxAttempts,
      RateLimitedRetry rateLimitedRetry)
      implements ArchiveStorage {}

  /**
   * What to do when an object store says that there were too many requests.
   *
   * @param enabled whether to wait and try again
   * @param minDelayMillis shortest wait in milliseconds
   * @param jitterMillis most that is added to the wait at random, in milliseconds
   */
  record RateLimitedRetry(boolean enabled, long minDelayMillis, long jitterMillis) {}
}
