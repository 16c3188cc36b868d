package dev.jebena.server.api;

import dev.jebena.server.http.Request;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;

/** The keys that clients may use; without any, everybody may come. Only digests are kept, and compared in constant time. */
public final class ApiKeys {

  private static final String SCHEME = "Bearer ";

  private final List<byte[]> digests;

  public ApiKeys(List<String> keys) {
    this.digests = keys.stream().map(ApiKeys::digest).toList();
  }

  /**
   * Lets a request pass.
   *
   * @throws ApiException with status 401 if it has no known key
   */
  void check(Request request) {
    if (digests.isEmpty()) {
      return;
    }
    String authorization = request.header("authorization").orElse("");
    boolean bearer = authorization.regionMatches(true, 0, SCHEME, 0, SCHEME.length());
    byte[] given = digest(bearer ? authorization.substring(SCHEME.length()).strip() : "");
    boolean known = false;
    for (byte[] digest : digests) {
      // every key is compared, so that the time tells nothing
      known |= MessageDigest.isEqual(digest, given);
    }
    if (!bearer || !known) {
      throw ApiException.unauthorized();
    }
  }

  private static byte[] digest(String key) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
