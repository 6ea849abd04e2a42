/**
 * A control socket: one request per line, one reply per line, both JSON. {@link
 * io.ubiblk.core.rpc.RpcServer} answers about an {@link io.ubiblk.core.rpc.RpcSubject}, {@link
 * io.ubiblk.core.rpc.RpcClient} asks.
 */
package io.ubiblk.core.rpc;
