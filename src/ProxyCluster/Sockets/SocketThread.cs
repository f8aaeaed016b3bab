using System.Runtime.CompilerServices;

namespace ProxyCluster.Sockets;

/// <summary>
/// The threads that wait for the kernel's word on sockets, and how to get off them.
/// <para>
/// With <see cref="InlineSockets"/> on, there are as many of them as cores, each with a share of the process' sockets,
/// and what continues after a wait for a socket continues right there instead of on the thread pool. A hit from memory
/// is answered by the thread that learned of the request, which saves two changes of threads: a third of its cost. The
/// price: while such a thread works, the other sockets of its share wait. So the rule is that nothing runs there but
/// parsing, hits from memory and requests that are passed on to a silo nearby, and it is kept at three doors:
/// </para>
/// <para>
/// 1. A request that neither memory nor another member can answer leaves before anything else happens (<c>ProxyHandler</c>).
/// 2. Whoever sends a long body leaves again after each wait for the client (<c>ArtifactResponse</c>, <c>PassedBody</c>).
/// 3. Connections that we open give no answer on these threads at all (<see cref="OutgoingConnection"/>), so that no client of
/// upstreams, checksum databases, peers or etcd has to know about any of this; save those over which requests are passed on and
/// nothing else, which would change threads twice for a dozen microseconds of work. Against clients that send hits without end on one
/// connection there is <see cref="IsTurnOver"/>.
/// </para>
/// <para>
/// Decided against a transport of our own for the listening side, which would leave the platform's sockets alone: it
/// would have to bring its own epoll loop. Kestrel's inline scheduling without the platform's saves nothing (measured).
/// </para>
/// </summary>
internal static class SocketThread
{
    /// <summary>Hits in a row of one connection before the others get their turn.</summary>
    internal const int Turn = 64;

    [ThreadStatic]
    private static object? _connection;

    [ThreadStatic]
    private static int _hits;

    /// <summary>Continues on the thread pool. Costs nothing where that is so already.</summary>
    public static ConfiguredTaskAwaitable LeaveAsync() => Task.CompletedTask.ConfigureAwait(
        Thread.CurrentThread.IsThreadPoolThread ? ConfigureAwaitOptions.None : ConfigureAwaitOptions.ForceYielding);

    /// <summary>Waits for a socket and continues on the thread pool, in a catch too.</summary>
    public static async ValueTask<int> LeaveAfterAsync(ValueTask<int> reading)
    {
        try
        {
            return await reading.ConfigureAwait(false);
        }
        finally
        {
            await LeaveAsync();
        }
    }

    /// <summary>Waits for a socket and continues on the thread pool, in a catch too.</summary>
    public static async ValueTask LeaveAfterAsync(ValueTask writing)
    {
        try
        {
            await writing.ConfigureAwait(false);
        }
        finally
        {
            await LeaveAsync();
        }
    }

    /// <summary>
    /// Counts a hit of a connection; true when it has had so many in a row on this thread that it should leave. Hot path.
    /// </summary>
    public static bool IsTurnOver(object connection)
    {
        if (!ReferenceEquals(_connection, connection))
            (_connection, _hits) = (connection, 0);
        if (++_hits < Turn)
            return false;

        _hits = 0;
        return true;
    }
}
