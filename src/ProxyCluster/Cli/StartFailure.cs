using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Connections;
using ProxyCluster.Storage;

namespace ProxyCluster.Cli;

/// <summary>Turns what the machine can do to a start into one line; anything else is a bug and keeps its stack trace.</summary>
internal static class StartFailure
{
    /// <summary>The line, or null where the exception is not the machine's doing.</summary>
    public static string? DescribeOrNull(Exception exception, IEnumerable<string> urls) => exception switch
    {
        IOException { InnerException: AddressInUseException } =>
            $"cannot listen on {string.Join(';', urls)}: the address is in use; stop the other process or choose another with --urls",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"cannot listen on {string.Join(';', urls)}: permission denied; ports below 1024 need privileges",
        SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
            $"cannot listen on {string.Join(';', urls)}: this machine has no such address",
        IOException or SocketException or UnauthorizedAccessException or CryptographicException or StoreException => exception.Message,
        InvalidOperationException { Message: var message } when message.Contains("HTTPS", StringComparison.Ordinal)
            || message.Contains("dynamic port", StringComparison.OrdinalIgnoreCase) => message.Split('\n')[0].Trim(),
        AggregateException { InnerExceptions: [var only] } => DescribeOrNull(only, urls),
        _ => null,
    };
}
