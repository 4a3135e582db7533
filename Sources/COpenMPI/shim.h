// What Swift cannot see of mpi.h: constants that are cast macros, or that are an enum in one MPI and a macro in another.
// Communicators and requests travel in structs, so that Swift code spells no handle: they are pointers in Open MPI and
// integers in MPICH.
#ifndef PRUNE_CLUSTER_COPENMPI_SHIM_H
#define PRUNE_CLUSTER_COPENMPI_SHIM_H

#include <mpi.h>

typedef struct {
  MPI_Comm handle;
} pc_mpi_communicator;

typedef struct {
  MPI_Request handle;
} pc_mpi_request;

static inline pc_mpi_communicator pc_mpi_world(void) {
  pc_mpi_communicator world = {MPI_COMM_WORLD};
  return world;
}

static inline int pc_mpi_return_errors(pc_mpi_communicator communicator) {
  return MPI_Comm_set_errhandler(communicator.handle, MPI_ERRORS_RETURN);
}

static inline int pc_mpi_duplicate(pc_mpi_communicator communicator, pc_mpi_communicator *copy) {
  return MPI_Comm_dup(communicator.handle, &copy->handle);
}

static inline int pc_mpi_split_by_host(pc_mpi_communicator communicator, int rank, pc_mpi_communicator *part) {
  return MPI_Comm_split_type(communicator.handle, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &part->handle);
}

static inline int pc_mpi_free(pc_mpi_communicator *communicator) { return MPI_Comm_free(&communicator->handle); }

// Starts an empty message and gives up its request: nobody asks later whether it arrived.
static inline int pc_mpi_notify(pc_mpi_communicator communicator, int destination, int tag) {
  MPI_Request request;
  int status = MPI_Isend(NULL, 0, MPI_BYTE, destination, tag, communicator.handle, &request);
  return status == MPI_SUCCESS ? MPI_Request_free(&request) : status;
}

static inline int pc_mpi_success(void) { return MPI_SUCCESS; }
static inline int pc_mpi_thread_funneled(void) { return MPI_THREAD_FUNNELED; }
static inline int pc_mpi_any_source(void) { return MPI_ANY_SOURCE; }
static inline int pc_mpi_any_tag(void) { return MPI_ANY_TAG; }
static inline int pc_mpi_error_unknown(void) { return MPI_ERR_UNKNOWN; }
static inline int pc_mpi_max_error_string(void) { return MPI_MAX_ERROR_STRING; }
static inline int pc_mpi_max_processor_name(void) { return MPI_MAX_PROCESSOR_NAME; }
static inline int pc_mpi_max_library_version(void) { return MPI_MAX_LIBRARY_VERSION_STRING; }
static inline MPI_Status *pc_mpi_ignore_status(void) { return MPI_STATUS_IGNORE; }

static inline MPI_Datatype pc_mpi_byte(void) { return MPI_BYTE; }
static inline MPI_Datatype pc_mpi_uint8(void) { return MPI_UINT8_T; }
static inline MPI_Datatype pc_mpi_int32(void) { return MPI_INT32_T; }
static inline MPI_Datatype pc_mpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype pc_mpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype pc_mpi_double(void) { return MPI_DOUBLE; }

static inline MPI_Op pc_mpi_sum(void) { return MPI_SUM; }
static inline MPI_Op pc_mpi_min(void) { return MPI_MIN; }
static inline MPI_Op pc_mpi_max(void) { return MPI_MAX; }

#endif
