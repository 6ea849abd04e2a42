package io.ubiblk.config.secret;

/** How the bytes of a secret are written where it comes from. */
public enum SecretEncoding {
  /** As they are; a line end behind them is part of the secret. */
  PLAINTEXT,
  /** Standard base64 with padding; white space behind it is ignored. */
  BASE64
}
