using System.Diagnostics.CodeAnalysis;
using Orleans.Runtime;

namespace ProxyCluster.Etcd;

/// <summary>What etcd answered, or why it did not.</summary>
internal readonly struct EtcdResult<T>
    where T : notnull
{
    private readonly T? _value;

    private EtcdResult(T? value, EtcdError? error)
    {
        _value = value;
        Error = error;
    }

    /// <summary>The error; null when there is a value.</summary>
    public EtcdError? Error { get; }

    /// <summary>Gives the value, or false with the error.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out EtcdError? error)
    {
        value = _value;
        error = Error;
        return error is null;
    }

    /// <summary>The value, for Orleans, which knows no errors but exceptions.</summary>
    /// <exception cref="OrleansException">There is an error instead.</exception>
    public T OrThrow() => TryGet(out var value, out var error) ? value : throw new OrleansException(error.Message);

    public static implicit operator EtcdResult<T>(T value) => new(value, null);

    public static implicit operator EtcdResult<T>(EtcdError error) => new(default, error);
}
