using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using ProxyCluster.Http;
using ProxyCluster.Sockets;

namespace ProxyCluster.Tests.Sockets;

public class SocketThreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Leave_ThreadOfItsOwn_ContinuesOnThePool()
    {
        var (before, after) = await OnThreadOfItsOwnAsync(async () =>
        {
            var before = Thread.CurrentThread.IsThreadPoolThread;
            await SocketThread.LeaveAsync();
            return (before, Thread.CurrentThread.IsThreadPoolThread);
        });
        Assert.Equal((false, true), (before, after));
    }

    [Fact]
    public async Task Leave_OnThePool_CostsNoChangeOfThreads() => Assert.True(await Task.Run(static () =>
        {
            var leaving = LeaveAsync();
            return leaving.IsCompletedSuccessfully;

            static async Task LeaveAsync() => await SocketThread.LeaveAsync();
        }, Cancellation));

    [Fact]
    public async Task LeaveAfter_ReadThatEndsOnAThreadOfItsOwn_ContinuesOnThePool()
    {
        var read = new TaskCompletionSource<int>();
        var waiting = WaitAsync(SocketThread.LeaveAfterAsync(new ValueTask<int>(read.Task)));
        await OnThreadOfItsOwnAsync(() => Task.FromResult(read.TrySetResult(7)));
        Assert.Equal((7, true), await waiting.WaitAsync(Patience, Cancellation));

        static async Task<(int, bool)> WaitAsync(ValueTask<int> reading) =>
            (await reading.ConfigureAwait(false), Thread.CurrentThread.IsThreadPoolThread);
    }

    [Fact]
    public async Task LeaveAfter_WriteThatBreaksOnAThreadOfItsOwn_ThrowsOnThePool()
    {
        var write = new TaskCompletionSource();
        var waiting = WaitAsync(SocketThread.LeaveAfterAsync(new ValueTask(write.Task)));
        await OnThreadOfItsOwnAsync(() => Task.FromResult(write.TrySetException(new IOException("broken"))));
        Assert.Equal(("broken", true), await waiting.WaitAsync(Patience, Cancellation));

        static async Task<(string, bool)> WaitAsync(ValueTask writing)
        {
            try
            {
                await writing.ConfigureAwait(false);
                return ("", false);
            }
            catch (IOException e)
            {
                return (e.Message, Thread.CurrentThread.IsThreadPoolThread);
            }
        }
    }

    [Fact]
    public async Task RequestBody_ThatComesOnAThreadOfItsOwn_IsWorkedOnOnThePool()
    {
        var body = new Pipe(new PipeOptions(readerScheduler: PipeScheduler.Inline, useSynchronizationContext: false));
        var request = new DefaultHttpContext { Request = { Method = "POST", Body = body.Reader.AsStream() } }.Request;
        var (length, isPool) = await OnThreadOfItsOwnAsync(async () =>
        {
            var reading = ReadAsync();
            await body.Writer.WriteAsync(new byte[100], Cancellation);
            await body.Writer.CompleteAsync();
            return await reading;
        });
        Assert.Equal((100, true), (length, isPool));

        async Task<(int?, bool)> ReadAsync() => ((await RequestBody.ReadOrNullAsync(request, Cancellation))?.Length, Thread.CurrentThread.IsThreadPoolThread);
    }

    [Fact]
    public async Task Turn_OneConnectionWithoutEnd_IsOverAfterAFixedNumberOfHits()
    {
        var over = await OnThreadOfItsOwnAsync(static () =>
        {
            var connection = new object();
            return Task.FromResult(Enumerable.Range(1, (3 * SocketThread.Turn) - 1).Where(_ => SocketThread.IsTurnOver(connection)).ToList());
        });
        Assert.Equal(new List<int> { SocketThread.Turn, 2 * SocketThread.Turn }, over);
    }

    [Fact]
    public async Task Turn_ConnectionsTakingTurns_IsNeverOver() => Assert.False(
        await OnThreadOfItsOwnAsync(static () =>
        {
            var (one, other) = (new object(), new object());
            return Task.FromResult(Enumerable.Range(1, 10 * SocketThread.Turn).Any(i => SocketThread.IsTurnOver(i % 2 == 0 ? one : other)));
        }));

    private static async Task<T> OnThreadOfItsOwnAsync<T>(Func<Task<T>> work) =>
        await Task.Factory.StartNew(work, Cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .Unwrap().WaitAsync(Patience, Cancellation);
}
