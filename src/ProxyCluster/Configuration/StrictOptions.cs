using Microsoft.Extensions.Options;

namespace ProxyCluster.Configuration;

/// <summary>Joins <see cref="StrictBinder"/> to the platform's options: binds, then reports what the binding found.</summary>
internal sealed class StrictOptions<TOptions>(RoomOptions room, Settings settings)
    : IConfigureOptions<TOptions>, IValidateOptions<TOptions>
    where TOptions : class
{
    /// <inheritdoc/>
    public void Configure(TOptions options) => new StrictBinder(settings).Bind(room.Section, options);

    /// <inheritdoc/>
    /// <remarks>Binds once more, to an object of its own, because the platform keeps nothing between the two steps.</remarks>
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var binder = new StrictBinder(settings);
        binder.Bind(room.Section, Activator.CreateInstance<TOptions>());
        return binder.Mistakes.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(binder.Mistakes);
    }
}
