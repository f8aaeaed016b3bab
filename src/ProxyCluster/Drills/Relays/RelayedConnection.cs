using System.IO.Pipelines;
using System.Net.Sockets;
using System.Threading.Channels;

namespace ProxyCluster.Drills.Relays;

/// <summary>
/// Two sockets and the two lanes between them. Each direction is a queue of bytes with the moments of their arrival:
/// whoever sends is read from until the window is full, so a slow lane delays and does not throttle, and memory is
/// bounded. The end of one side's sending travels in line behind its bytes and leaves the other direction open (half
/// close); a reset travels the same way.
/// </summary>
internal sealed class RelayedConnection(Socket near, Socket far, Lane there, Lane back, RelayLimits limits)
{
    private const int MaxArrivals = 4096;
    private const int Reset = -1;

    /// <summary>Bytes that arrive together; none for the end of them, <see cref="Reset"/> for a reset.</summary>
    private readonly record struct Arrival(int Bytes, TimeSpan At);

    /// <summary>Carries bytes until both sides have ended, one of them or a lane broke, or it is stopped.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, there.Broken, back.Broken);
        try
        {
            await Task.WhenAll(CarryAsync(near, far, there, end), CarryAsync(far, near, back, end)).ConfigureAwait(false);
            near.Dispose();
            far.Dispose();
        }
        finally
        {
            RelayListener.Reset(near);
            RelayListener.Reset(far);
        }
    }

    private async Task CarryAsync(Socket from, Socket to, Lane lane, CancellationTokenSource end)
    {
        var bytes = new Pipe(new PipeOptions(
            pauseWriterThreshold: limits.Window, resumeWriterThreshold: limits.Window / 2, useSynchronizationContext: false));
        var arrivals = Channel.CreateBounded<Arrival>(new BoundedChannelOptions(MaxArrivals) { SingleReader = true, SingleWriter = true });
        var taking = TakeAsync(from, bytes.Writer, arrivals.Writer, lane, end.Token);
        try
        {
            await GiveAsync(to, bytes.Reader, arrivals.Reader, lane, end.Token).ConfigureAwait(false);
        }
        catch
        {
            // One direction broken is the connection broken.
            await end.CancelAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            await taking.ConfigureAwait(false);
            await bytes.Reader.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static async Task TakeAsync(
        Socket from, PipeWriter bytes, ChannelWriter<Arrival> arrivals, Lane lane, CancellationToken cancel)
    {
        try
        {
            while (true)
            {
                // An idle connection holds no buffer.
                await from.ReceiveAsync(Memory<byte>.Empty, cancel).ConfigureAwait(false);
                var read = await from.ReceiveAsync(bytes.GetMemory(), cancel).ConfigureAwait(false);
                await arrivals.WriteAsync(new Arrival(read, lane.ArrivalOf(read)), cancel).ConfigureAwait(false);
                if (read == 0)
                    break;
                bytes.Advance(read);
                await bytes.FlushAsync(cancel).ConfigureAwait(false);
            }
        }
        catch (SocketException)
        {
            arrivals.TryWrite(new Arrival(Reset, lane.ArrivalOf(0)));
        }
        catch (Exception e) when (e is ObjectDisposedException or OperationCanceledException)
        {
            // The other loop knows.
        }
        finally
        {
            arrivals.TryComplete();
            await bytes.CompleteAsync().ConfigureAwait(false);
        }
    }

    private static async Task GiveAsync(
        Socket to, PipeReader bytes, ChannelReader<Arrival> arrivals, Lane lane, CancellationToken cancel)
    {
        await foreach (var arrival in arrivals.ReadAllAsync(cancel).ConfigureAwait(false))
        {
            await lane.ArriveAsync(arrival.At, cancel).ConfigureAwait(false);
            if (arrival.Bytes == Reset)
                throw new SocketException((int)SocketError.ConnectionReset);
            if (arrival.Bytes == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            var read = await bytes.ReadAtLeastAsync(arrival.Bytes, cancel).ConfigureAwait(false);
            var now = read.Buffer.Slice(0, Math.Min(arrival.Bytes, read.Buffer.Length));
            foreach (var segment in now)
            {
                for (var left = segment; left.Length > 0;)
                    left = left[await to.SendAsync(left, cancel).ConfigureAwait(false)..];
            }

            bytes.AdvanceTo(now.End);
        }

        // The taking side ended without a word: it was cancelled.
        cancel.ThrowIfCancellationRequested();
        throw new SocketException((int)SocketError.ConnectionAborted);
    }
}
