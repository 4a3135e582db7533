#ifndef PRUNE_CLUSTER_COPENSSL_SHIM_H
#define PRUNE_CLUSTER_COPENSSL_SHIM_H

#include <openssl/crypto.h>
#include <openssl/evp.h>

#endif
