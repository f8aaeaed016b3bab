using System.Text;

namespace ProxyCluster.TestKit.Upstreams;

/// <summary>Something that an upstream does instead of, or before, answering as it should.</summary>
/// <param name="Name">What it is, for messages of failing tests.</param>
/// <param name="Act">
/// Answers the exchange and returns true, or returns false to let the ordinary answer (or the next fault) follow.
/// </param>
public sealed record Fault(string Name, Func<UpstreamExchange, Task<bool>> Act)
{
    /// <summary>No fault: the ordinary answer. Useful within a script.</summary>
    public static Fault None { get; } = new("none", static _ => Task.FromResult(false));

    /// <summary>The request is read and nothing is ever sent.</summary>
    public static Fault Silence { get; } = Answer("silence", static x => x.ClientGoneAsync());

    /// <summary>The connection is reset before any answer.</summary>
    public static Fault ResetAtOnce { get; } = Answer("reset at once", static x =>
    {
        x.Reset();
        return Task.CompletedTask;
    });

    /// <summary>200 with a web page, as a captive portal sends it.</summary>
    public static Fault WebPage { get; } =
        Status(200, "<!doctype html><title>Sign in</title>", "text/html; charset=utf-8");

    /// <summary>Redirects to itself.</summary>
    public static Fault RedirectLoop { get; } = Answer("redirect loop",
        static x => x.AnswerAsync(302, default, null, ("Location", x.Call.RawTarget)));

    /// <summary>Redirects to ever new addresses.</summary>
    public static Fault EndlessRedirects { get; } = Answer("endless redirects", static x =>
        x.AnswerAsync(302, default, null, ("Location", $"{x.Call.RawTarget.Split('?')[0]}?hop={Guid.NewGuid():N}")));

    /// <summary>Zeros without end and without a length.</summary>
    public static Fault EndlessZeros { get; } = Answer("endless zeros", static async x =>
    {
        await x.WriteHeadAsync(200, null, "application/octet-stream");
        var zeros = new byte[65536];
        while (true)
            await x.WriteAsync(zeros);
    });

    /// <summary>Zeros of a declared length, such as 4 GiB.</summary>
    public static Fault Zeros(long length) => Answer($"{length} zeros", async x =>
    {
        await x.WriteHeadAsync(200, length, "application/zip");
        var zeros = new byte[65536];
        for (var left = length; left > 0; left -= zeros.Length)
            await x.WriteAsync(zeros.AsMemory(0, (int)Math.Min(zeros.Length, left)));
    });

    /// <summary>Waits for a signal before the ordinary answer or the next fault.</summary>
    public static Fault HeldBackUntil(Task signal) => new("held back", async x =>
    {
        await signal.WaitAsync(x.Stopped);
        return false;
    });

    /// <summary>Waits, by the server's clock, before the ordinary answer or the next fault.</summary>
    public static Fault Delay(TimeSpan delay) => new($"delay {delay}", async x =>
    {
        await Task.Delay(delay, x.Server.Time, x.Stopped);
        return false;
    });

    /// <summary>Waits until a task ends before the ordinary answer or the next fault.</summary>
    public static Fault Until(Task released) => new("held back", async x =>
    {
        await released.WaitAsync(x.Stopped);
        return false;
    });

    /// <summary>A status with a body.</summary>
    public static Fault Status(
        int status, string body = "", string contentType = "text/plain; charset=utf-8", params (string Name, string Value)[] headers) =>
        Answer($"status {status}", x => x.AnswerAsync(status, Encoding.UTF8.GetBytes(body), contentType, headers));

    /// <summary>429 with Retry-After in seconds.</summary>
    public static Fault TooManyRequests(int retryAfterSeconds) => Status(
        429, "slow down\n", "text/plain", ("Retry-After", retryAfterSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture)));

    /// <summary>A redirect.</summary>
    public static Fault RedirectTo(string location, int status = 302) =>
        Answer($"redirect to {location}", x => x.AnswerAsync(status, default, null, ("Location", location)));

    /// <summary>The right headers, the first bytes, then an orderly end of the connection.</summary>
    public static Fault TruncateAfter(int bytes) => Partial($"truncate after {bytes}", bytes, static x =>
    {
        x.KeepAlive = false;
        return Task.CompletedTask;
    });

    /// <summary>The right headers, the first bytes, then a TCP reset.</summary>
    public static Fault ResetAfter(int bytes) => Partial($"reset after {bytes}", bytes, static x =>
    {
        x.Reset();
        return Task.CompletedTask;
    });

    /// <summary>The right headers, the first bytes, then silence.</summary>
    public static Fault StallAfter(int bytes) => Partial($"stall after {bytes}", bytes, static x => x.ClientGoneAsync());

    /// <summary>The right headers, then one byte per interval of the server's clock.</summary>
    public static Fault Drip(TimeSpan interval) => Partial($"one byte per {interval}", 0, async x =>
    {
        var body = x.Server.FindOrNull(x.Call.Path)!.Body;
        for (var i = 0; i < body.Length; i++)
        {
            await Task.Delay(interval, x.Server.Time, x.Stopped);
            await x.WriteAsync(body.Slice(i, 1));
        }
    });

    /// <summary>The ordinary answer of another path: swapped bodies.</summary>
    public static Fault ServeInstead(string path) => Answer($"serve {path} instead", x => x.AnswerFileAsync(path));

    /// <summary>The right answer with other bytes.</summary>
    public static Fault Replace(ReadOnlyMemory<byte> body) => Answer("replaced body", x =>
        x.AnswerAsync(200, body, x.Server.FindOrNull(x.Call.Path)?.ContentType ?? "application/octet-stream"));

    /// <summary>The right answer with one bit of one byte flipped; a negative offset counts from the end.</summary>
    public static Fault FlipByte(int offset) => Answer($"flipped byte {offset}", x =>
    {
        var file = x.Server.FindOrNull(x.Call.Path)!;
        var bytes = file.Body.ToArray();
        bytes[offset < 0 ? bytes.Length + offset : offset] ^= 1;
        return x.AnswerAsync(200, bytes, file.ContentType);
    });

    /// <summary>Bytes that need not be HTTP at all, then the end of the connection.</summary>
    public static Fault Raw(string bytes) => Answer("raw bytes", async x =>
    {
        x.KeepAlive = false;
        await x.WriteAsync(Encoding.Latin1.GetBytes(bytes));
    });

    /// <summary>A fault that answers.</summary>
    public static Fault Answer(string name, Func<UpstreamExchange, Task> act) => new(name, async x =>
    {
        await act(x);
        return true;
    });

    private static Fault Partial(string name, int bytes, Func<UpstreamExchange, Task> then) => Answer(name, async x =>
    {
        var file = x.Server.FindOrNull(x.Call.Path)
            ?? throw new InvalidOperationException($"no file {x.Call.Path} to send a part of");
        x.KeepAlive = false;
        await x.WriteHeadAsync(200, file.Body.Length, file.ContentType);
        await x.WriteAsync(file.Body[..bytes]);
        await then(x);
    });
}
