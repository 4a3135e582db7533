/* A search as a simulator of clusters sees it: who computes how long, who sends what to whom, who waits.
 *
 *   smpicc -O2 -o search search.c -lm
 *   smpirun -np RANKS+1 -platform FILE -hostfile FILE ./search MODEL
 *
 * Nothing is computed: times come from the model, whose constants come from the trace of a real search, and messages
 * carry no content. Rank 0 of a search has two threads, so it is two processes here: number 0 exchanges its messages,
 * and number 1 is its worker, on the same host. Number r + 1 is rank r.
 *
 * The model is a text of "KEY VALUE" lines; "run", "piece" and "broadcast" may come often:
 *   run SECONDS        a time that the network took for one run of samples; every run of the search takes one of these
 *   piece RUNS         a piece of work, so many runs
 *   broadcast BYTES    what rank 0 sends to all before they begin
 * Times are seconds of a rank of usual speed, sizes bytes. What happened goes to standard output as "KEY SECONDS". */
#include <math.h>
#include <mpi.h>
#include <smpi/smpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REPORT = 1, REPLY, START };
/* Bytes. */
enum { BROADCAST_PART = 1 << 20 };
/* Results that may wait to be stored, as `PieceWriter` has it; of every rank one at least. */
enum { MOST_WAITING = 256 };
/* Numbers in a message: a report; an answer, which is a count (-1: all is done) and as many pieces. */
enum { REPORT_LENGTH = 8, REPLY_LENGTH = 8, MOST_PIECES = REPLY_LENGTH - 1 };

struct model {
  /* How the search is run. */
  double per_node;    /* ranks on each host */
  double slow_every;  /* of so many hosts one has half the speed; 0: none */
  double is_static;   /* pieces go to ranks by their numbers */
  double is_spared;   /* rank 0 gets no pieces */
  double window;      /* pieces that may be handed out beyond the one that is combined next */
  double seed;
  double spread;      /* standard deviation of the ranks' speeds, relative */
  /* What takes how long. */
  double prepare;     /* rank 0: before it sends anything */
  double decode;      /* the others: from the model's bytes to a network */
  double compile;     /* every rank */
  double first;       /* every rank: what its first run takes longer than others */
  double between;     /* every run: reading its samples, adding its sums */
  double notice;      /* the others: until they see an answer that they wait for */
  double take;        /* rank 0: a report that says nothing else */
  double keep;        /* rank 0: a result that has come; receiving and adding it */
  double store;       /* rank 0: a result, on a thread of its own; the run goes on when all are stored */
  double finish;      /* rank 0: all that follows */
  double result;      /* bytes of a piece's result */
  double *runs, *pieces, *broadcasts;
  int run_count, piece_count, broadcast_count;
};

static void *checked(void *memory) {
  if (!memory) { fprintf(stderr, "search: no memory\n"); exit(70); }
  return memory;
}

static void append(double **list, int *count, double value) {
  if (!(*count & (*count - 1))) *list = checked(realloc(*list, sizeof(double) * (*count ? 2 * *count : 1)));
  (*list)[(*count)++] = value;
}

static struct model read_model(const char *path) {
  struct model m = {0};
  struct { const char *key; double *value; } fields[] = {
    {"per_node", &m.per_node}, {"slow_every", &m.slow_every}, {"static", &m.is_static}, {"spared", &m.is_spared},
    {"window", &m.window}, {"seed", &m.seed}, {"spread", &m.spread}, {"prepare", &m.prepare}, {"decode", &m.decode},
    {"compile", &m.compile}, {"first", &m.first}, {"between", &m.between}, {"notice", &m.notice}, {"take", &m.take},
    {"keep", &m.keep}, {"store", &m.store}, {"finish", &m.finish}, {"result", &m.result}};
  struct { const char *key; double **list; int *count; } lists[] = {
    {"run", &m.runs, &m.run_count}, {"piece", &m.pieces, &m.piece_count},
    {"broadcast", &m.broadcasts, &m.broadcast_count}};
  FILE *file = fopen(path, "r");
  if (!file) { perror(path); exit(66); }
  char key[32];
  double value;
  while (fscanf(file, "%31s %lf", key, &value) == 2) {
    int is_known = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
      if (!strcmp(key, fields[i].key)) is_known = 1, *fields[i].value = value;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
      if (!strcmp(key, lists[i].key)) is_known = 1, append(lists[i].list, lists[i].count, value);
    if (!is_known) { fprintf(stderr, "search: %s: unknown key '%s'\n", path, key); exit(65); }
  }
  if (!feof(file) || !m.run_count || !m.piece_count || m.per_node < 1) {
    fprintf(stderr, "search: %s: no model\n", path);
    exit(65);
  }
  fclose(file);
  return m;
}

/* Random numbers that depend on what they are for alone: a piece takes the same whoever computes it, and when. */
static double uniform(double seed, uint64_t stream, uint64_t number) {
  uint64_t x = (uint64_t)seed * 0x9E3779B97F4A7C15u + stream * 0xBF58476D1CE4E5B9u + number * 0x94D049BB133111EBu;
  for (int i = 0; i < 2; i++) {
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    x ^= x >> 31;
  }
  return (double)(x >> 11) / 9007199254740992.0;
}

static double slowness(const struct model *m, int rank) {
  double u = uniform(m->seed, 1, 2 * rank), v = uniform(m->seed, 1, 2 * rank + 1);
  double speed = 1 + m->spread * sqrt(-2 * log(u + 1e-300)) * cos(6.283185307179586 * v);
  int node = rank / (int)m->per_node, every = (int)m->slow_every;
  return (every && node % every == every - 1 ? 2 : 1) / (speed < 0.5 ? 0.5 : speed);
}

/* Keeps a core of the host busy: 10^9 operations a second is the platform's speed. */
static void work(double seconds) { if (seconds > 0) smpi_execute_flops(seconds * 1e9); }

static double duration(const struct model *m, int piece) {
  double sum = 0;
  for (int run = 0; run < m->pieces[piece]; run++)
    sum += m->between + m->runs[(int)(uniform(m->seed, 2 + piece, run) * m->run_count)];
  return sum;
}

/* Part by part, as the library does it too: ranks pass the first on while the next is under way. */
static void broadcast(void *buffer, double bytes, MPI_Comm ranks) {
  for (double sent = 0; sent < bytes; sent += BROADCAST_PART)
    MPI_Bcast(buffer, bytes - sent < BROADCAST_PART ? (int)(bytes - sent) : BROADCAST_PART, MPI_BYTE, 0, ranks);
}

/* A rank's worker, and for all but rank 0 the thread that speaks for it. */
struct client {
  const struct model *m;
  int rank, is_first, held, queue[MOST_PIECES];
  double slowness, busy, last, computed;
  void *buffer;
  MPI_Comm results;  /* for results alone; their tags are the pieces */
};

static void compute(struct client *c, int piece) {
  double start = MPI_Wtime();
  work((duration(c->m, piece) + (c->is_first ? c->m->first : 0)) * c->slowness);
  c->is_first = 0;
  c->last = MPI_Wtime();
  c->busy += c->last - start;
  c->computed++;
}

static int begin(struct client *c) {
  if (!c->held) return -1;
  int piece = c->queue[0];
  memmove(c->queue, c->queue + 1, sizeof *c->queue * --c->held);
  compute(c, piece);
  return piece;
}

/* Reports, sends the result and waits for the answer while it computes what it holds, until it is told that all is
 * done. A rank has a thread for that: a result that is on its way does not keep the worker from the next piece. */
static void serve(struct client *c) {
  int finished = -1, is_complete = 0;
  while (!is_complete) {
    /* Number of the finished piece, pieces held. */
    int64_t report[REPORT_LENGTH] = {finished, c->held}, reply[REPLY_LENGTH];
    MPI_Request answer, sent = MPI_REQUEST_NULL;
    MPI_Irecv(reply, REPLY_LENGTH, MPI_INT64_T, 0, REPLY, MPI_COMM_WORLD, &answer);
    MPI_Send(report, REPORT_LENGTH, MPI_INT64_T, 0, REPORT, MPI_COMM_WORLD);
    /* Rank 0's worker only hands over its memory. */
    if (finished >= 0)
      MPI_Isend(c->buffer, c->rank ? (int)c->m->result : 0, MPI_BYTE, 0, finished, c->results, &sent);
    int next = begin(c);
    MPI_Wait(&answer, MPI_STATUS_IGNORE);
    if (next < 0 && c->rank > 0) usleep((useconds_t)(c->m->notice * 1e6));
    is_complete = reply[0] < 0;
    for (int i = 0; i < reply[0]; i++) c->queue[c->held++] = (int)reply[1 + i];
    if (next < 0) next = begin(c);
    MPI_Wait(&sent, MPI_STATUS_IGNORE);
    finished = next;
  }
}

/* Rank 0's thread for messages. */
struct coordinator {
  const struct model *m;
  int ranks, next, open;  /* `next`: to be combined; `open`: to be handed out to anybody */
  int *own_open;          /* by rank, to be handed out to it alone */
  int *held;
  char *has_come, *waits;
  double busy, stored;    /* `stored`: when all results that have come will be stored */
};

static int remaining(const struct coordinator *c, int rank) {
  int first = c->m->is_static ? c->own_open[rank] : c->open, count = c->m->piece_count;
  if (first >= count) return 0;
  return c->m->is_static ? (count - first + c->ranks - 1) / c->ranks : count - first;
}

/* Answers with pieces, one to work on and one ahead as long as many are left.
 * Gives whether the rank has something to do; otherwise it waits. */
static int answer(struct coordinator *c, int rank) {
  if (rank == 0 && c->m->is_spared) return 0;
  /* The disk has to keep up. */
  double backlog = c->stored - MPI_Wtime() - c->m->store * (c->ranks > MOST_WAITING ? c->ranks : MOST_WAITING);
  if (backlog > 0) usleep((useconds_t)(backlog * 1e6));
  int64_t reply[REPLY_LENGTH] = {0};
  int ahead = rank > 0 && remaining(c, rank) > 4 * c->ranks;
  int *open = c->m->is_static ? &c->own_open[rank] : &c->open;
  while (c->held[rank] < 1 + ahead && *open < c->m->piece_count && *open < c->next + c->m->window) {
    reply[1 + reply[0]++] = *open;
    *open += c->m->is_static ? c->ranks : 1;
    c->held[rank]++;
  }
  if (!c->held[rank]) return 0;
  MPI_Send(reply, REPLY_LENGTH, MPI_INT64_T, rank + 1, REPLY, MPI_COMM_WORLD);
  return 1;
}

static void take_result(struct coordinator *c, int piece) {
  if (c->has_come[piece]) { fprintf(stderr, "search: piece %d came twice\n", piece); exit(70); }
  work(c->m->keep);
  c->has_come[piece] = 1;
  c->stored = (c->stored > MPI_Wtime() ? c->stored : MPI_Wtime()) + c->m->store;
  while (c->next < c->m->piece_count && c->has_come[c->next]) c->next++;
}

static void coordinate(struct coordinator *c, void *buffer, MPI_Comm results) {
  int64_t report[REPORT_LENGTH];
  MPI_Request requests[2];
  int waiting = 0;
  /* Reports come first: ranks wait for the answers. */
  MPI_Irecv(report, REPORT_LENGTH, MPI_INT64_T, MPI_ANY_SOURCE, REPORT, MPI_COMM_WORLD, &requests[0]);
  MPI_Irecv(buffer, (int)c->m->result, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, results, &requests[1]);
  while (c->next < c->m->piece_count || waiting < c->ranks) {
    MPI_Status status;
    int which, before = c->next;
    MPI_Waitany(2, requests, &which, &status);
    double start = MPI_Wtime();
    if (which == 0) {
      int rank = status.MPI_SOURCE - 1;
      work(c->m->take);
      c->held[rank] = (int)report[1];
      MPI_Irecv(report, REPORT_LENGTH, MPI_INT64_T, MPI_ANY_SOURCE, REPORT, MPI_COMM_WORLD, &requests[0]);
      if (!answer(c, rank)) { c->waits[rank] = 1; waiting++; }
    } else {
      take_result(c, status.MPI_TAG);
      MPI_Irecv(buffer, (int)c->m->result, MPI_BYTE, MPI_ANY_SOURCE, MPI_ANY_TAG, results, &requests[1]);
    }
    c->busy += MPI_Wtime() - start;
    /* The window has moved. */
    for (int other = 0; c->next > before && waiting && other < c->ranks; other++)
      if (c->waits[other] && answer(c, other)) { c->waits[other] = 0; waiting--; }
  }
  for (int i = 0; i < 2; i++) {
    MPI_Cancel(&requests[i]);
    MPI_Request_free(&requests[i]);
  }
  int64_t complete[REPLY_LENGTH] = {-1};
  for (int rank = 0; rank < c->ranks; rank++)
    MPI_Send(complete, REPLY_LENGTH, MPI_INT64_T, rank + 1, REPLY, MPI_COMM_WORLD);
  double left = c->stored - MPI_Wtime();
  if (left > 0) usleep((useconds_t)(left * 1e6));
}

int main(int count, char **arguments) {
  MPI_Init(&count, &arguments);
  int number, size;
  MPI_Comm_rank(MPI_COMM_WORLD, &number);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  if (count != 2 || size < 2) { fprintf(stderr, "usage: search MODEL, on two processes at least\n"); exit(64); }
  struct model m = read_model(arguments[1]);
  int rank = number ? number - 1 : 0, is_worker_of_rank_0 = number == 1;

  /* The search's ranks, each by the process that speaks for it. */
  MPI_Comm ranks, results;
  MPI_Comm_split(MPI_COMM_WORLD, is_worker_of_rank_0, number, &ranks);
  MPI_Comm_dup(MPI_COMM_WORLD, &results);
  /* Simulated ranks share it: nobody reads it. */
  void *buffer = SMPI_SHARED_MALLOC(m.result > BROADCAST_PART ? (size_t)m.result : BROADCAST_PART);
  MPI_Barrier(MPI_COMM_WORLD);

  double start = MPI_Wtime(), prepared = 0, compiled = 0;
  double own = slowness(&m, rank);
  struct client client = {.m = &m, .rank = rank, .is_first = 1, .slowness = own, .buffer = buffer,
                          .results = results};
  struct coordinator coordinator = {.m = &m, .ranks = size - 1};
  if (!is_worker_of_rank_0) {
    if (number == 0) work(m.prepare * own);
    for (int i = 0; i < m.broadcast_count; i++) broadcast(buffer, m.broadcasts[i], ranks);
    prepared = MPI_Wtime() - start;
    if (number > 0) work(m.decode * own);
    work(m.compile * own);
    int workers = 1, all;
    MPI_Allreduce(&workers, &all, 1, MPI_INT, MPI_SUM, ranks);
    compiled = MPI_Wtime() - start;
  }
  if (number == 0) {
    MPI_Send(NULL, 0, MPI_BYTE, 1, START, MPI_COMM_WORLD);
    int n = coordinator.ranks;
    coordinator.own_open = checked(calloc(n, sizeof(int)));
    coordinator.held = checked(calloc(n, sizeof(int)));
    coordinator.has_come = checked(calloc(m.piece_count, 1));
    coordinator.waits = checked(calloc(n, 1));
    for (int i = 0; i < n; i++) coordinator.own_open[i] = i;
    coordinate(&coordinator, buffer, results);
  } else {
    if (is_worker_of_rank_0) MPI_Recv(NULL, 0, MPI_BYTE, 0, START, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    serve(&client);
  }
  double measured = MPI_Wtime() - start;
  if (number == 0) work(m.finish * own);
  double finished = MPI_Wtime() - start;

  /* What all workers did; the coordinator, and a rank without pieces, have done nothing. */
  double mine[3] = {client.busy, client.computed ? client.last - start : 0, client.computed}, sums[3], latest;
  MPI_Reduce(mine, sums, 3, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
  MPI_Reduce(&mine[1], &latest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (number == 0)
    printf(
      "prepared %.9g\ncompiled %.9g\nmeasured %.9g\nfinished %.9g\ncoordinating %.9g\nbusy %.9g\nmean_last %.9g\n"
      "last %.9g\npieces %.0f\n",
      prepared, compiled, measured, finished, coordinator.busy, sums[0], sums[1] / (size - 1), latest, sums[2]);
  MPI_Comm_free(&ranks);
  MPI_Comm_free(&results);
  SMPI_SHARED_FREE(buffer);
  MPI_Finalize();
  return 0;
}
